// SPDX-License-Identifier: Apache-2.0
#include "app/application.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "base/text.h"
#include "platform/users.h"

namespace kaigara::app {

namespace {

bool has_name(const char* entry, std::string_view name) {
    return std::strncmp(entry, name.data(), name.size()) == 0 && entry[name.size()] == '=';
}

bool is_own(const char* entry) { return std::strncmp(entry, "KAIGARA_", 8) == 0; }

char* keep(Application& application, std::string text) {
    return application.strings.emplace_front(std::move(text)).data();
}

// sd_listen_fds(3): descriptors are meant for the process whose pid LISTEN_PID is. The runtime
// meant the application, and wrote the only pid that it knew.
char* listen_pid_entry(Application& application, const char* entry) {
    constexpr std::string_view name = "LISTEN_PID=";
    const auto pid = text::parse_number(entry + name.size(), 1U << 30U);
    if (!pid || static_cast<pid_t>(*pid) != ::getpid()) return nullptr;
    char* own = keep(application, std::string(name) + "0123456789");
    application.launch.listen_pid = own + name.size();
    return own;
}

// Whether one of the exported variables has the name of an entry.
bool is_exported(const char* entry, std::span<const std::string> exported) {
    for (const std::string& variable : exported) {
        if (std::strncmp(entry, variable.c_str(), variable.find('=') + 1) == 0) return true;
    }
    return false;
}

void fill_environment(Application& application, const ApplicationRequest& request,
                      const platform::User* user) {
    char** environment = request.environment;
    std::vector<char*>& entries = application.launch.environment;
    std::size_t count = 0;
    while (environment[count] != nullptr) ++count;
    entries.reserve(count + request.exported.size() + 4);
    for (std::size_t i = 0; i < count; ++i) {
        char* entry = environment[i];
        if (is_own(entry) || is_exported(entry, request.exported)) continue;
        if (user != nullptr &&
            (has_name(entry, "HOME") ||
             (!user->name.empty() && (has_name(entry, "USER") || has_name(entry, "LOGNAME")))))
            continue;
        if (has_name(entry, "LISTEN_PID")) {
            if (char* own = listen_pid_entry(application, entry)) entry = own;
        }
        entries.push_back(entry);
    }
    for (const std::string& variable : request.exported)
        entries.push_back(keep(application, variable));
    const auto set_unless_exported = [&](const std::string& entry) {
        if (!is_exported(entry.c_str(), request.exported))
            entries.push_back(keep(application, entry));
    };
    if (user != nullptr) {
        set_unless_exported("HOME=" + user->home);
        if (!user->name.empty()) {
            set_unless_exported("USER=" + user->name);
            set_unless_exported("LOGNAME=" + user->name);
        }
    }
    entries.push_back(nullptr);
}

}  // namespace

Result<Application> make_application(const Settings& settings, const ApplicationRequest& request) {
    Application application;
    supervise::Launch& launch = application.launch;
    for (char** word = request.program; *word != nullptr; ++word) launch.argv.push_back(*word);
    launch.argv.push_back(nullptr);

    std::optional<platform::User> user;
    if (settings.user) {
        auto found = platform::find_user(*settings.user);
        if (!found) return std::move(found).error().while_doing("--user");
        user = std::move(*found);
        launch.user = user->credentials;
    }
    fill_environment(application, request, user ? &*user : nullptr);

    launch.signal_group = settings.group;
    launch.signals = settings.signals;
    launch.stop_signal = settings.stop_signal;
    // A rewrite of TERM that the user gave is more exact than a stop signal.
    if (settings.stop_signal != 0 && launch.signals[SIGTERM] == SIGTERM)
        launch.signals.rewrite(SIGTERM, settings.stop_signal);
    // So is one of HUP.
    if (const auto reload = platform::parse_signal(settings.on_reload);
        reload && launch.signals[SIGHUP] == SIGHUP)
        launch.signals.rewrite(SIGHUP, *reload);
    launch.restart = settings.restart;
    launch.may_restart = settings.restart.when != supervise::RestartWhen::never;
    launch.close_inherited = !launch.may_restart;
    launch.stop_timeout = settings.stop_timeout;
    launch.grace = settings.grace;
    launch.success = settings.success;
    launch.no_new_privileges = settings.no_new_privileges;
    launch.umask = settings.umask;
    launch.directory = settings.directory;
    return application;
}

}  // namespace kaigara::app
