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
constexpr std::size_t largest_output = std::size_t{1} << 20U;
constexpr std::string_view placeholder = "{{target}}";
constexpr std::string_view plain_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,=";

}  // namespace

std::string check_command(std::string_view command, std::string_view path) {
    // Bare where it can be, so that a command that quotes it itself works as well.
    const bool is_plain = path.find_first_not_of(plain_characters) == std::string_view::npos;
    const std::string word = is_plain ? std::string(path) : text::shell_word(path);
    std::string out;
    for (std::size_t at = command.find(placeholder); at != std::string_view::npos;
         at = command.find(placeholder)) {
        out += command.substr(0, at);
        out += word;
        command.remove_prefix(at + placeholder.size());
    }
    return out += command;
}

FileChecks::FileChecks(platform::Loop& loop, platform::Reaper& reaper,
                       std::vector<FileCheck> checks, char* const* environment,
                       std::function<void(Errors)> on_done)
    : loop_(loop), reaper_(reaper), checks_(std::move(checks)), environment_(environment),
      on_done_(std::move(on_done)) {}

void FileChecks::next() {
    while (index_ < checks_.size()) {
        const FileCheck& check = checks_[index_];
        platform::CapturedRequest request;
        request.argv = {"/bin/sh", "-c", check_command(check.command, check.path)};
        request.environment = environment_;
        request.timeout = longest_check;
        request.out_limit = largest_output;
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
    if (!end.succeeded()) {
        // Some say it on stdout.
        refuse(end.failure_text(command_->request()),
               text::trim(end.err).empty() ? end.out : end.err);
    }
    ended_ = std::move(command_);
    ++index_;
    next();
}

void FileChecks::refuse(std::string reason, std::string_view said) {
    const FileCheck& check = checks_[index_];
    errors_.push_back({Fault::bad_data, 0,
                       fmt::format("the check of {} {}, so the old file stays{}", check.target,
                                   reason, platform::what_it_said(said)),
                       check.where});
}

}  // namespace kaigara::provision
