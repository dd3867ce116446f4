// SPDX-License-Identifier: Apache-2.0
#include "provision/in_place.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/files.h"

namespace kaigara::provision {

namespace {

constexpr std::size_t copy_size = 65'536;

}  // namespace

bool has_content(const std::string& path, std::string_view content) {
    const platform::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat status;
    if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) return false;
    if (status.st_size != static_cast<off_t>(content.size())) return false;
    std::array<char, copy_size> buffer;
    while (!content.empty()) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got <= 0 || !content.starts_with({buffer.data(), static_cast<std::size_t>(got)}))
            return false;
        content.remove_prefix(static_cast<std::size_t>(got));
    }
    return true;
}

int flush(int fd) {
    if (::fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS || errno == EROFS) return 0;
    return errno;
}

int flush_directory(const std::string& path) {
    const platform::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory.is_open() ? flush(directory.get()) : 0;
}

Result<void> copy_content(int source, int destination) {
    std::array<char, copy_size> buffer;
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(source, buffer.data(), buffer.size(), offset);
        if (got < 0) return system_error(Fault::input_output, errno, "cannot be prepared");
        if (got == 0) return {};
        KG_TRY(platform::write_all(destination, {buffer.data(), static_cast<std::size_t>(got)}));
        offset += got;
    }
}

Result<void> overwrite(int file, int source) {
    struct stat status;
    if (::fstat(source, &status) != 0)
        return system_error(Fault::input_output, errno, "cannot be prepared");
    // Not every file system can say whether there is room.
    if (status.st_size > 0 && ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, status.st_size) != 0 &&
        (errno == ENOSPC || errno == EDQUOT))
        return system_error(Fault::input_output, errno, "cannot be written");
    KG_TRY(copy_content(source, file));
    if (::ftruncate(file, status.st_size) != 0)
        return system_error(Fault::input_output, errno, "cannot be cut to its new length");
    return {};
}

Result<platform::Fd> remember_content(const std::string& path) {
    const platform::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC));
    if (!file.is_open())
        return system_error(Fault::cannot_create, errno,
                            "cannot be read, and so could not be brought back if another file of "
                            "the set fails");
    platform::Fd memory(::memfd_create("kaigara-target", MFD_CLOEXEC));
    if (!memory.is_open())
        return system_error(Fault::input_output, errno, "a file in memory cannot be made");
    KG_TRY(copy_content(file.get(), memory.get()));
    return memory;
}

}  // namespace kaigara::provision
