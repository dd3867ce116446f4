// SPDX-License-Identifier: Apache-2.0
#include "support/world.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <elf.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace kaigara::test {

namespace fs = std::filesystem;

namespace {

constexpr uid_t plain_user = 65534;

// The folder of the programs; it goes with the test program.
class Stage {
public:
    Stage() {
        std::string pattern = fs::canonical(fs::temp_directory_path()) / "kaigara-stage-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "mkdtemp");
        }
        path_ = pattern;
        fs::permissions(path_, fs::perms(0755));
    }
    ~Stage() {
        std::error_code ignored;
        if (owner_ == ::getpid()) fs::remove_all(path_, ignored);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
    pid_t owner_ = ::getpid();
};

struct World {
    Stage stage;
    Mode mode = Mode::root;
    bool is_static = false;
    std::string kaigara;
    std::string actor;
};

World& world() {
    static World the;
    return the;
}

const char* variable_or(const char* name, const char* fallback) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : fallback;
}

std::optional<Mode> wanted_mode() {
    const std::string_view name =
        variable_or("KAIGARA_TEST_MODE", ::geteuid() == 0 ? "root" : "user");
    if (name == "root") return Mode::root;
    if (name == "user") return Mode::user;
    if (name == "user-namespace") return Mode::user_namespace;
    return std::nullopt;
}

std::string bring(const char* source, const fs::path& target) {
    fs::copy_file(source, target);
    fs::permissions(target, fs::perms(0755));
    return target;
}

void put(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    if (!file) throw std::system_error(errno, std::generic_category(), "write " + path);
}

// A program header of type PT_INTERP names the loader.
bool has_no_loader(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Elf64_Ehdr header{};
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    if (!file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
    file.seekg(static_cast<std::streamoff>(header.e_phoff));
    for (int at = 0; at < header.e_phnum; ++at) {
        Elf64_Phdr segment{};
        file.read(reinterpret_cast<char*>(&segment), sizeof segment);
        if (!file || segment.p_type == PT_INTERP) return false;
    }
    return true;
}

// Root becomes the plain user. The flag makes our files in /proc our own again, which the kernel
// takes from a process that has changed its user; the maps of user namespaces are among them.
void give_up_rights(const fs::path& stage) {
    if (::geteuid() != 0) return;
    if (::chown(stage.c_str(), plain_user, plain_user) != 0 || ::setgroups(0, nullptr) != 0 ||
        ::setresgid(plain_user, plain_user, plain_user) != 0 ||
        ::setresuid(plain_user, plain_user, plain_user) != 0 ||
        ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) {
        throw std::system_error(errno, std::generic_category(), "become the plain user");
    }
}

}  // namespace

std::optional<std::string> enter_world() {
    const std::optional<Mode> wanted = wanted_mode();
    if (!wanted) throw std::runtime_error("KAIGARA_TEST_MODE is root, user or user-namespace");
    if (*wanted == Mode::root && ::geteuid() != 0) return "mode root needs root";

    // A program that has gone is no reason for the test program to go when it types to it.
    std::signal(SIGPIPE, SIG_IGN);
    World& the = world();
    the.mode = *wanted;
    const fs::path folder = the.stage.path();
    the.kaigara = bring(variable_or("KAIGARA_BINARY", KAIGARA_DEFAULT_BINARY), folder / "kaigara");
    the.actor = bring(variable_or("KAIGARA_ACTOR", KAIGARA_DEFAULT_ACTOR), folder / "actor");
    the.is_static = has_no_loader(the.kaigara);
    for (const char* face : {"tini", "tini-static", "docker-init", "dumb-init", "catatonit"}) {
        fs::create_symlink("kaigara", folder / face);
    }
    fs::copy(KAIGARA_EXAMPLES, folder / "examples", fs::copy_options::recursive);
    if (the.mode != Mode::root) give_up_rights(folder);
    return std::nullopt;
}

Mode mode() { return world().mode; }

void map_ids(pid_t process) {
    const std::string folder = fmt::format("/proc/{}/", process);
    const bool as_root = mode() == Mode::user_namespace;
    put(folder + "setgroups", "deny");
    put(folder + "uid_map", fmt::format("{} {} 1", as_root ? 0 : ::geteuid(), ::geteuid()));
    put(folder + "gid_map", fmt::format("{} {} 1", as_root ? 0 : ::getegid(), ::getegid()));
}

const std::string& kaigara_path() { return world().kaigara; }

std::string face_path(std::string_view name) { return world().stage.path() / name; }

const std::string& actor_path() { return world().actor; }

std::optional<std::string> peer_path(std::string_view name) {
    std::string path = "/usr/bin/" + std::string(name);
    if (::access(path.c_str(), X_OK) != 0) return std::nullopt;
    return path;
}

std::string program_folder() { return world().stage.path(); }

std::string example_path(std::string_view name) { return world().stage.path() / "examples" / name; }

std::vector<std::string> sanitizer_environment([[maybe_unused]] bool finds_leaks) {
    std::vector<std::string> entries;
#ifdef KAIGARA_IS_SANITIZED
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
        const char* const value = std::getenv(name);
        entries.push_back(fmt::format("{}={}", name, value == nullptr ? "" : value));
    }
    entries.front() += ":handle_abort=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
                       "handle_sigill=0:handle_sigtrap=0";
    if (!finds_leaks) entries.front() += ":detect_leaks=0";
#endif
    return entries;
}

bool kaigara_is_static() { return world().is_static; }

}  // namespace kaigara::test
