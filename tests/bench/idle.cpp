// SPDX-License-Identifier: Apache-2.0

// An init with one child that does nothing: its memory, and how often it wakes for nothing.

#include <fmt/format.h>

#include "behind_init.h"
#include "figures.h"

namespace kaigara::bench {

namespace {

constexpr std::uint64_t memory_target = 120;  // kB
constexpr int usual_seconds = 10;
constexpr auto settling = std::chrono::seconds(2);

struct Idler {
    std::unique_ptr<BehindInit> init;
    std::uint64_t anonymous = 0;
    std::uint64_t resident = 0;
    std::uint64_t switches = 0;
    std::uint64_t wakes = 0;
    [[nodiscard]] pid_t pid() const { return init->process.pid(); }
    [[nodiscard]] const std::string& name() const { return init->contender.name; }
};

void watch(std::vector<Idler>& idlers, int seconds) {
    sleep_for(settling);
    for (Idler& idler : idlers) {
        idler.anonymous = status_number(idler.pid(), "RssAnon");
        idler.resident = status_number(idler.pid(), "VmRSS");
        idler.switches = status_number(idler.pid(), "voluntary_ctxt_switches");
    }
    sleep_for(std::chrono::seconds(seconds));
    for (Idler& idler : idlers) {
        idler.wakes = status_number(idler.pid(), "voluntary_ctxt_switches") - idler.switches;
    }
}

}  // namespace

void measure_idle(const Plan& plan, Report& report) {
    std::vector<Idler> idlers;
    for (auto& init : start_behind_all(inits(plan), {plan.child("child_work")})) {
        idlers.push_back({std::move(init)});
    }
    const int seconds = plan.runs_or(usual_seconds);
    watch(idlers, seconds);

    const Idler* own = nullptr;
    const Idler* tini = nullptr;
    std::vector<std::string> memory;
    std::vector<std::string> wakes;
    for (const Idler& idler : idlers) {
        const std::string& name = idler.name();
        report.note(fmt::format("idle: {} VmRSS {} kB, RssAnon {} kB, {} wake-ups in {} s", name,
                                idler.resident, idler.anonymous, idler.wakes, seconds));
        if (name == ours) own = &idler;
        if (name == "tini-static") tini = &idler;
        if (name.starts_with("kaigara")) continue;
        memory.push_back(fmt::format("{} {} kB", name, idler.anonymous));
        wakes.push_back(fmt::format("{} {}", name, idler.wakes));
    }
    const double own_memory = own != nullptr ? static_cast<double>(own->anonymous) : 0;
    const double tini_memory = tini != nullptr ? static_cast<double>(tini->anonymous) : 0;
    report.add({"idle, RssAnon", own != nullptr ? fmt::format("{} kB", own->anonymous) : "-",
                listed(memory, ", "), ratio_text(own_memory, tini_memory),
                fmt::format("<= {} kB", memory_target),
                verdict(own != nullptr, own_memory <= memory_target)});
    report.add({fmt::format("idle, wake-ups in {} s", seconds),
                own != nullptr ? fmt::format("{}", own->wakes) : "-", listed(wakes, ", "), "-", "0",
                verdict(own != nullptr, own != nullptr && own->wakes == 0)});
}

}  // namespace kaigara::bench
