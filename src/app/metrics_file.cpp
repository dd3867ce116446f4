// SPDX-License-Identifier: Apache-2.0
#include "app/metrics_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "platform/fd.h"
#include "platform/files.h"

namespace kaigara::app {

namespace {

std::string absolute(std::string path) {
    return path.starts_with('/') ? std::move(path) : platform::real_path(".") + "/" + path;
}

// ".NAME.kaigara-PID.tmp" beside it: collectors pass over names that begin with a dot.
std::string temporary_of(const std::string& path) {
    const std::size_t name = path.rfind('/') + 1;
    return fmt::format("{}.{}.kaigara-{}.tmp", path.substr(0, name), path.substr(name), ::getpid());
}

platform::Fd create(const std::string& path) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    platform::Fd fd(::open(path.c_str(), flags, 0644));
    if (fd.is_open() || errno != EEXIST) return fd;
    // Left by one that was killed: in a container each has the same process id.
    ::unlink(path.c_str());
    return platform::Fd(::open(path.c_str(), flags, 0644));
}

Error refuse(int code, std::string message) {
    return system_error(Fault::input_output, code, std::move(message));
}

}  // namespace

MetricsFile::MetricsFile(platform::Loop& loop, std::string path,
                         std::function<std::string(bool)> text)
    : path_(absolute(std::move(path))), temporary_(temporary_of(path_)), text_(std::move(text)),
      timer_(loop, [this] { write(true); }) {}

void MetricsFile::changed() {
    if (is_finished_ || timer_.is_active()) return;
    const auto now = Clock::now();
    if (now < next_)
        timer_.start(std::chrono::ceil<Milliseconds>(next_ - now));
    else
        write(true);
}

void MetricsFile::finish() {
    if (is_finished_) return;
    is_finished_ = true;
    timer_.stop();
    write(false);
}

void MetricsFile::write(bool is_up) {
    std::string text = text_(is_up);
    if (text == written_) return;
    next_ = Clock::now() + interval;
    const auto replaced = replace(text);
    if (replaced) {
        written_ = std::move(text);
        has_failed_ = false;
        return;
    }
    if (!has_failed_)
        log::warn("the metrics file '{}' is not written: {}", text::printable(path_),
                  replaced.error().message);
    has_failed_ = true;
}

Result<void> MetricsFile::replace(const std::string& text) const {
    // What a rename would do to a device or a link is not what anybody wants.
    struct stat present;
    if (::lstat(path_.c_str(), &present) == 0 && !S_ISREG(present.st_mode))
        return Error{Fault::input_output, 0,
                     "something that is no regular file stands there, and is left alone", ""};
    const platform::Fd fd = create(temporary_);
    if (!fd.is_open()) return refuse(errno, "no file can be made beside it");
    ::fchmod(fd.get(), 0644);  // whatever the umask is
    auto written = platform::write_all(fd.get(), text);
    if (written && ::rename(temporary_.c_str(), path_.c_str()) != 0)
        written = refuse(errno, "it cannot be replaced");
    if (!written) ::unlink(temporary_.c_str());
    return written;
}

}  // namespace kaigara::app
