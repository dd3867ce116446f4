// SPDX-License-Identifier: Apache-2.0
#include "scene.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "base/log.h"
#include "platform/files.h"
#include "provision/ledger_file.h"

namespace kaigara::test {

namespace {

constexpr Milliseconds patience{30'000};
constexpr Milliseconds interval{3};

std::string logged;

void remember(std::string_view line) noexcept { logged += line; }

}  // namespace

LogCapture::LogCapture() {
    logged.clear();
    log::settings() = log::Settings{};
    log::settings().level = log::Level::debug;
    log::settings().sink = remember;
}

LogCapture::~LogCapture() { log::settings() = log::Settings{}; }

const std::string& LogCapture::text() { return logged; }

Scene::Scene(bool adopts_orphans)
    : ledger_(loop, ledger()), signals_((platform::take_signals(), loop),
                                        [this](const platform::Signal& signal) {
                                            if (provisioner) provisioner->on_signal(signal);
                                        },
                                        [this] {
                                            reaper.reap();
                                            if (provisioner) provisioner->on_reaped();
                                        }) {
    ::prctl(PR_SET_CHILD_SUBREAPER, adopts_orphans ? 1 : 0, 0, 0, 0);
    files.make_dir("operations");
}

Scene::~Scene() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    if (out_ >= 0) ::close(out_);
    if (err_ >= 0) ::close(err_);
}

void Scene::script(std::string_view name, std::string_view body) {
    files.write(fmt::format("operations/{}", name),
                fmt::format("#!/bin/sh\ncd \"$DIR\"\n{}\n", body), 0755);
}

provision::ProvisionPlan Scene::plan() {
    auto operations = provision::find_operations(files / "operations", true);
    if (!operations) throw std::runtime_error(operations.error().front().text());
    const auto open = [this](const char* name) {
        return ::open((files / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    };
    out_ = open("out");
    err_ = open("err");
    provision::ProvisionPlan plan;
    auto candidates = provision::examine_operations(std::move(*operations), metadata::Tree());
    if (!candidates) throw std::runtime_error(candidates.error().front().text());
    plan.operations =
        provision::plan_operations(std::move(*candidates), history_of_ledger()).operations;
    const bool is_recorded =
        std::ranges::any_of(plan.operations, &provision::PlannedOperation::is_pending);
    plan.ledger = &ledger_;
    plan.lock_timeout = patience;
    if (is_recorded) plan.recorder = provision::OperationRecorder(hold_ledger());
    plan.environment = {"PATH=/usr/bin:/bin", "DIR=" + files.path()};
    plan.targets = {out_, err_};
    return plan;
}

provision::LedgerHistory Scene::history_of_ledger() const {
    auto history = provision::read_ledger(ledger());
    if (!history) throw std::runtime_error(history.error().text());
    return std::move(*history);
}

std::unique_ptr<provision::HeldLedger> Scene::hold_ledger() {
    std::optional<Result<provision::TakenLedger>> taken;
    ledger_.take(Milliseconds(0), {},
                 [&](Result<provision::TakenLedger> answer) { taken = std::move(answer); });
    if (!taken) throw std::runtime_error("a file's ledger is had at once, or not at all");
    if (!*taken) throw std::runtime_error(taken->error().text());
    return std::move((*taken)->held);
}

std::vector<std::string> Scene::events() const {
    const auto text = provision::read_ledger_text(ledger());
    if (!text) throw std::runtime_error(text.error().text());
    if (!*text) return {};
    const auto parsed = provision::parse_ledger(**text, ledger());
    if (!parsed) throw std::runtime_error(parsed.error().text());
    std::vector<std::string> events;
    for (const provision::LedgerLine& line : parsed->lines) {
        if (line.event == "ledger") continue;
        std::string event = fmt::format("{} {}", line.name, line.event);
        for (const char* key : {"status", "signal", "reason"}) {
            const std::string_view value = provision::detail(line.details, key);
            if (!value.empty()) event += fmt::format(" {}={}", key, value);
        }
        events.push_back(event);
    }
    return events;
}

void set_kill_after(provision::ProvisionPlan& plan, Milliseconds delay) {
    for (provision::PlannedOperation& planned : plan.operations)
        planned.candidate.operation.options.kill_after = delay;
}

void Scene::start(provision::ProvisionPlan plan) {
    end_.reset();
    provisioner = std::make_unique<provision::Provisioner>(
        loop, reaper, std::move(plan), [this](const provision::ProvisionEnd& end) {
            end_ = end;
            if (destroys_when_done) provisioner.reset();
            loop.stop();
        });
    provisioner->start();
}

void Scene::serve_until(const std::function<bool()>& condition) {
    bool is_late = false;
    platform::Timer late(loop, [&] {
        is_late = true;
        loop.stop();
    });
    late.start(patience);
    platform::Timer again(loop, [this] { loop.stop(); });
    while (!condition()) {
        if (is_late) throw std::runtime_error("it did not happen in time; logged:\n" + logged);
        again.start(interval);
        loop.run();
    }
}

const provision::ProvisionEnd& Scene::finish() {
    serve_until([this] { return is_done(); });
    return *end_;
}

const provision::ProvisionEnd& Scene::run(provision::ProvisionPlan plan) {
    start(std::move(plan));
    return finish();
}

void Scene::signal(int number) { ::kill(::getpid(), number); }

pid_t Scene::pid_in(std::string_view file) const { return std::stoi(files.read(file)); }

bool is_alive(pid_t pid) {
    const auto stat = platform::read_file(fmt::format("/proc/{}/stat", pid), 4096);
    return stat && stat->find(") Z ") == std::string::npos;
}

}  // namespace kaigara::test
