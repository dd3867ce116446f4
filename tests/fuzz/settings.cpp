// SPDX-License-Identifier: Apache-2.0

// Any bytes as kaigara.yml. The first one chooses the command that reads it.

#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "app/options.h"
#include "check.h"

using namespace kaigara;

namespace {

// A file in memory, written anew for each input.
class File {
public:
    File() : fd_(::memfd_create("kaigara.yml", MFD_CLOEXEC)) {
        fuzz::check(fd_ >= 0, "a file can be made");
        path_ = fmt::format("/proc/self/fd/{}", fd_);
    }

    void write(std::string_view text) const {
        const bool cut = ::ftruncate(fd_, 0) == 0;
        const ssize_t written = ::pwrite(fd_, text.data(), text.size(), 0);
        fuzz::check(cut && written == static_cast<ssize_t>(text.size()), "a file can be written");
    }

    const std::string& path() const noexcept { return path_; }

private:
    int fd_;
    std::string path_;
};

constexpr std::array commands{"start", "provision", "plan", "check", "metadata", "render"};

Result<app::Settings, Errors> load(const char* command, std::string config) {
    std::string program = "kaigara";
    std::string name = command;
    std::string operand = "a.tmpl";
    config.insert(0, "--config=");
    const bool needs_operand = name == "render";
    std::array<char*, 5> argv{program.data(), name.data(), config.data(),
                              needs_operand ? operand.data() : nullptr, nullptr};
    const auto line = app::parse_command_line(needs_operand ? 4 : 3, argv.data());
    fuzz::check(line.has_value(), "the command line is good", {line ? "" : line.error().text()});
    char* environment = nullptr;
    return app::load_settings(*line, &environment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const File file;
    if (size == 0) return 0;
    const std::string_view text = fuzz::input(data + 1, size - 1);
    file.write(text);
    const auto settings = load(commands[data[0] % commands.size()], file.path());
    if (settings) {
        for (const auto& source : settings->sources) {
            std::string_view place = source.where;
            const std::size_t column = fuzz::take_number(place);
            const std::size_t line = fuzz::take_number(place);
            fuzz::check(place == file.path() && fuzz::is_inside(text, line, column),
                        "a source knows where it was written", {source.where});
        }
        return 0;
    }
    fuzz::check(!settings.error().empty(), "what cannot be read has an error");
    for (const Error& error : settings.error()) {
        fuzz::check_words(error);
        fuzz::check_place(error, file.path(), text);
        fuzz::check(error.fault == Fault::configuration, "a bad kaigara.yml is bad configuration",
                    {error.text()});
    }
    return 0;
}
