// SPDX-License-Identifier: Apache-2.0
#include "app/settings_values.h"

#include <array>

#include <fmt/format.h>

#include "app/ledger_access.h"

namespace kaigara::app {

namespace {

template <class T>
struct Choice {
    std::string_view word;
    T value;
};

template <class T, std::size_t N>
Result<T> choose(std::string_view value, const std::array<Choice<T>, N>& choices) {
    std::array<std::string_view, N> words;
    std::string list;
    for (std::size_t i = 0; i < N; ++i) {
        if (choices[i].word == value) return choices[i].value;
        words[i] = choices[i].word;
        list += (i == 0 ? "" : i + 1 == N ? " or " : ", ");
        list += choices[i].word;
    }
    Error error = bad_value(value, list);
    error.message += text::did_you_mean(value, words);
    return error;
}

}  // namespace

Error bad_value(std::string_view value, std::string_view expected) {
    return {Fault::usage, 0,
            fmt::format("'{}' is not accepted: {}", text::printable(value, 60), expected), ""};
}

Result<int> parse_signal(std::string_view value) {
    if (const auto signal = platform::parse_signal(value)) return *signal;
    return bad_value(value, "a signal is TERM, SIGTERM, 15 or RTMIN+3");
}

Result<void> assign_rewrite(Settings& settings, std::string_view value) {
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos)
        return bad_value(value, "a rewrite is A:B, or A:0 to drop A");
    KG_LET(from, parse_signal(value.substr(0, colon)));
    const std::string_view to = value.substr(colon + 1);
    if (to == "0") {
        settings.signals.rewrite(from, supervise::SignalMap::drop);
        return {};
    }
    KG_LET(target, parse_signal(to));
    settings.signals.rewrite(from, target);
    return {};
}

Result<void> assign_success(Settings& settings, std::string_view value) {
    const auto status = text::parse_number(value, 255);
    if (!status) return bad_value(value, "an exit status is a number from 0 to 255");
    settings.success.set(static_cast<std::size_t>(*status));
    return {};
}

Result<void> assign_umask(Settings& settings, std::string_view value) {
    mode_t mask = 0;
    bool good = !value.empty() && value.size() <= 4;
    for (const char digit : value) {
        good = good && digit >= '0' && digit <= '7';
        mask = mask * 8 + static_cast<mode_t>(digit - '0');
    }
    if (!good || mask > 0777) return bad_value(value, "a umask is octal, from 0 to 0777");
    settings.umask = mask;
    return {};
}

Result<void> assign_level(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<log::Level>, 4> levels{{{"error", log::Level::error},
                                                               {"warn", log::Level::warn},
                                                               {"info", log::Level::info},
                                                               {"debug", log::Level::debug}}};
    KG_LET(level, choose(value, levels));
    settings.log_level = level;
    return {};
}

Result<void> assign_log_format(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<log::Format>, 2> formats{
        {{"text", log::Format::text}, {"json", log::Format::json}}};
    KG_LET(format, choose(value, formats));
    settings.log_format = format;
    return {};
}

Result<void> assign_operation_output(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<OperationOutput>, 3> modes{
        {{"prefix", OperationOutput::prefix},
         {"raw", OperationOutput::raw},
         {"json", OperationOutput::json}}};
    KG_LET(mode, choose(value, modes));
    settings.operation_output = mode;
    return {};
}

Result<void> assign_format(Settings& settings, std::string_view value) {
    static constexpr std::array<Choice<MetadataFormat>, 3> formats{{{"yaml", MetadataFormat::yaml},
                                                                    {"json", MetadataFormat::json},
                                                                    {"env", MetadataFormat::env}}};
    KG_LET(format, choose(value, formats));
    settings.format = format;
    return {};
}

Result<void> assign_ledger(Settings& settings, std::string_view value) {
    const auto address = parse_ledger_address(value);
    if (!address) return bad_value(value, address.error().message);
    settings.ledger = Place{std::string(value), true};
    return {};
}

Result<void> assign_restart(Settings& settings, std::string_view value) {
    using When = supervise::RestartWhen;
    static constexpr std::array<Choice<When>, 3> policies{
        {{"no", When::never}, {"on-failure", When::on_failure}, {"always", When::always}}};
    // Without quotes "no" is false where YAML 1.1 is spoken.
    KG_LET(when, choose(value == "false" ? "no" : value, policies));
    settings.restart.when = when;
    return {};
}

Result<void> assign_restart_limit(Settings& settings, std::string_view value) {
    const auto limit = text::parse_number(value, 1'000'000);
    if (!limit || *limit == 0)
        return bad_value(value, "from 1 to 1000000; for none at all say --restart no");
    settings.restart.limit = *limit;
    return {};
}

Result<void> assign_check_failures(Settings& settings, std::string_view value) {
    const auto number = text::parse_number(value, 1'000);
    if (!number || *number == 0) return bad_value(value, "from 1 to 1000");
    settings.check_failures = static_cast<unsigned>(*number);
    return {};
}

Result<void> assign_resolve_timeout(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration.count() == 0) return bad_value(value, "sources need some time, such as 30s");
    settings.resolve_timeout = duration;
    return {};
}

Result<void> assign_wait_timeout(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration.count() == 0) return bad_value(value, "targets need some time, such as 60s");
    settings.wait_timeout = duration;
    return {};
}

Result<void> assign_watch_interval(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration < Milliseconds(100)) return bad_value(value, "100ms is the least");
    settings.watch_interval = duration;
    return {};
}

Result<void> assign_lock_ttl(Settings& settings, std::string_view value) {
    KG_LET(duration, parse_duration(value));
    if (duration < std::chrono::seconds(10) || duration > std::chrono::hours(1))
        return bad_value(value, "from 10s to 1h");
    settings.lock_ttl = duration;
    return {};
}

Result<bool> parse_switch(std::string_view value) {
    if (value == "1" || value == "true" || value == "yes") return true;
    if (value.empty() || value == "0" || value == "false" || value == "no") return false;
    return bad_value(value, "a switch is on with 1, true or yes, off with 0, false, no or empty");
}

}  // namespace kaigara::app
