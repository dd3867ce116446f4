// SPDX-License-Identifier: Apache-2.0
#include "support/scratch.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include <sys/stat.h>

namespace kaigara::test {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// Opens up directories that a test closed, so that a user other than root can remove them.
void open_up(const fs::path& directory) {
    std::error_code ignored;
    fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, ignored);
    for (fs::directory_iterator it(directory, ignored), end; it != end; it.increment(ignored)) {
        if (it->symlink_status(ignored).type() == fs::file_type::directory) open_up(it->path());
        if (ignored) return;
    }
}

}  // namespace

ScratchDir::ScratchDir() {
    const std::string pattern = fs::canonical(fs::temp_directory_path()) / "kaigara-test-XXXXXX";
    path_ = pattern;
    if (::mkdtemp(path_.data()) == nullptr) fail("mkdtemp " + pattern);
}

ScratchDir::~ScratchDir() {
    if (std::getenv("KAIGARA_KEEP_SCRATCH") != nullptr) {
        std::fprintf(stderr, "kept: %s\n", path_.c_str());
        return;
    }
    open_up(path_);
    std::error_code failed;
    fs::remove_all(path_, failed);
    if (failed) {
        std::fprintf(stderr, "cannot remove %s: %s\n", path_.c_str(), failed.message().c_str());
    }
}

std::string ScratchDir::operator/(std::string_view name) const {
    return path_ + '/' + std::string(name);
}

std::string ScratchDir::write(std::string_view name, std::string_view content, mode_t mode) const {
    const std::string file = *this / name;
    fs::create_directories(fs::path(file).parent_path());
    std::FILE* out = std::fopen(file.c_str(), "we");
    if (out == nullptr) fail("open " + file);
    const bool written = std::fwrite(content.data(), 1, content.size(), out) == content.size();
    if (std::fclose(out) != 0 || !written) fail("write " + file);
    if (::chmod(file.c_str(), mode) != 0) fail("chmod " + file);
    return file;
}

std::string ScratchDir::make_dir(std::string_view name) const {
    const std::string directory = *this / name;
    fs::create_directories(directory);
    return directory;
}

std::string ScratchDir::read(std::string_view name) const {
    const std::string file = *this / name;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"),
                                                             std::fclose);
    if (!in) fail("open " + file);
    std::string content;
    std::string chunk(65536, '\0');
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), in.get()))
        content.append(chunk, 0, count);
    if (std::ferror(in.get()) != 0) fail("read " + file);
    return content;
}

bool ScratchDir::exists(std::string_view name) const {
    struct stat status{};
    return ::lstat((*this / name).c_str(), &status) == 0;
}

mode_t ScratchDir::mode(std::string_view name) const {
    struct stat status{};
    const std::string file = *this / name;
    if (::stat(file.c_str(), &status) != 0) fail("stat " + file);
    return status.st_mode & 07777;
}

}  // namespace kaigara::test
