// SPDX-License-Identifier: Apache-2.0
#include "provision/file_checks.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace kaigara::provision {

namespace {

// One that hangs would keep the container from starting without a word.
constexpr Milliseconds longest_check{60'000};
constexpr std::string_view open = "{{";
constexpr std::string_view close = "}}";
constexpr std::string_view plain_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,=";

}  // namespace

std::string check_command(std::string_view command, std::string_view path) {
    // Bare where it can be, so that a command that quotes it itself works as well.
    const bool is_plain = path.find_first_not_of(plain_characters) == std::string_view::npos;
    const std::string word = is_plain ? std::string(path) : text::shell_word(path);
    std::string out;
    for (std::size_t at = command.find(open); at != std::string_view::npos;
         at = command.find(open)) {
        const std::size_t end = command.find(close, at);
        if (end == std::string_view::npos) break;
        const std::size_t begin = at + open.size();
        const bool is_target = text::trim(command.substr(begin, end - begin)) == "target";
        out += command.substr(0, at);
        out += is_target ? std::string_view(word) : open;
        command.remove_prefix(is_target ? end + close.size() : begin);
    }
    return out += command;
}

FileChecks::FileChecks(platform::Loop& loop, platform::Reaper& reaper, FileChecksRequest request,
                       std::function<void(Errors)> on_done)
    : loop_(loop), reaper_(reaper), request_(std::move(request)), on_done_(std::move(on_done)) {}

void FileChecks::next() {
    while (index_ < request_.checks.size()) {
        const FileCheck& check = request_.checks[index_];
        platform::CapturedRequest request;
        request.argv = {"/bin/sh", "-c", check_command(check.command, check.path)};
        request.environment = request_.environment;
        request.passed = check.descriptor;
        request.timeout = longest_check;
        request.out_is_err = true;  // some say it on stdout
        log::debug("checking {}: {}", check.target, request.argv.back());
        command_ = std::make_unique<platform::CapturedCommand>(
            loop_, reaper_, std::move(request),
            [this](const platform::CapturedEnd& end) { on_end(end); });
        const auto started = command_->start();
        if (started) return;
        refuse("cannot be started: " + platform::explain(started.error(), "/bin/sh", "").text(),
               "");
        ++index_;
    }
    // The object may be gone when the call returns.
    const auto on_done = std::move(on_done_);
    on_done(std::move(errors_));
}

void FileChecks::on_reaped() {
    if (command_) command_->on_reaped();
}

void FileChecks::on_end(const platform::CapturedEnd& end) {
    if (!end.succeeded()) refuse(end.failure_text(command_->request()), end.err);
    ended_ = std::move(command_);
    ++index_;
    next();
}

void FileChecks::refuse(std::string reason, std::string_view said) {
    const FileCheck& check = request_.checks[index_];
    errors_.push_back(
        {Fault::bad_data, 0,
         fmt::format("the check of {} {}, so no file is written{}", check.target, reason,
                     platform::what_it_said(request_.redact(std::string(said)))),
         check.where});
}

}  // namespace kaigara::provision
