// SPDX-License-Identifier: Apache-2.0
#include "app/init.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/exit_code.h"
#include "app/init_files.h"
#include "app/report.h"
#include "base/text.h"
#include "platform/files.h"
#include "provision/target_set.h"

namespace kaigara::app {

namespace {

constexpr std::size_t largest_program = std::size_t{256} << 20U;
constexpr const char* own_program = "/proc/self/exe";

// Also a link that leads nowhere.
bool is_taken(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

provision::TargetFile file_at(const std::string& top, std::string_view path, mode_t mode,
                              std::string content) {
    provision::TargetFile file;
    file.spec.path = top + "/" + std::string(path);
    file.spec.mode_when_new = mode;
    file.content = std::move(content);
    file.directories = provision::directories_above(file.spec.path);
    file.where = file.spec.path;
    return file;
}

Result<std::vector<provision::TargetFile>, Errors> files_for(const std::string& top) {
    auto program = platform::read_file(own_program, largest_program);
    if (!program) return Errors{std::move(program).error()};
    std::vector<provision::TargetFile> files;
    files.push_back(file_at(top, "kaigara", 0755, std::move(*program)));
    for (const InitFile& file : init_files())
        files.push_back(file_at(top, file.path, file.mode, std::string(file.text)));
    Errors errors;
    for (const provision::TargetFile& file : files) {
        if (is_taken(file.spec.path))
            errors.push_back({Fault::cannot_create, 0,
                              "exists already, so nothing is made; name another directory: kaigara "
                              "init DIR",
                              text::printable(file.spec.path)});
    }
    if (!errors.empty()) return errors;
    return files;
}

std::string summary(const std::string& top, const std::vector<std::string>& paths) {
    std::string out = "made\n";
    for (const std::string& path : paths) out += fmt::format("    {}\n", text::printable(path));
    const std::string where = top == "." ? "." : text::printable(top);
    out += fmt::format("\nnext\n"
                       "    docker build -t my-app {0}\n"
                       "    docker run --rm -it my-app\n",
                       where);
    return out;
}

}  // namespace

int run_init(const CommandLine& line) {
    std::string top = line.operands.empty() ? "." : std::string(line.operands[0]);
    while (top.size() > 1 && top.ends_with('/')) top.pop_back();
    if (top.empty())
        return report(Error{Fault::usage, 0, "the directory's name is empty", "kaigara init DIR"});
    auto files = files_for(top);
    if (!files) return report(files.error());
    std::vector<std::string> paths;
    for (const provision::TargetFile& file : *files) paths.push_back(file.spec.path);
    auto set = provision::TargetSet::prepare(std::move(*files));
    if (!set) return report(set.error());
    if (const auto made = set->commit(); !made) return report(made.error());
    // getauxval(3): the base address of the dynamic linker, which a static binary does not have.
    if (::getauxval(AT_BASE) != 0)
        log::warn("{}/kaigara is not a static binary: it needs the libraries of this system, which "
                  "an image may not have",
                  text::printable(top));
    const auto written = platform::write_all(1, summary(top, paths));
    return written ? exit_ok : report(written.error());
}

}  // namespace kaigara::app
