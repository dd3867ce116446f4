// SPDX-License-Identifier: Apache-2.0
#include "provision/root_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "platform/files.h"

namespace kaigara::provision {

namespace {

constexpr std::string_view template_suffix = ".tmpl";
constexpr mode_t permission_bits = 07777;
constexpr std::size_t deepest = 64;
constexpr std::size_t most_files = 10'000;
// Links that lead to the same directory again and again can make many of few.
constexpr std::size_t most_directories = 10'000;

bool is_template_name(std::string_view name) {
    return name.size() > template_suffix.size() && name.ends_with(template_suffix);
}

const char* kind_of(mode_t mode) {
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

class Walk {
public:
    Result<std::vector<RootFile>, Errors> run(const std::string& root);

private:
    struct Ancestor {
        dev_t device;
        ino_t inode;
        std::string path;
    };

    void fail(int code, std::string message, const std::string& path);
    void visit(const std::string& source, const std::string& target);
    void visit_directory(const std::string& source, const std::string& target,
                         const struct stat& status);
    void list(const std::string& source, const std::string& target);
    void add(const std::string& source, const std::string& target, mode_t mode);
    void check_targets();

    std::vector<RootFile> files_;
    Errors errors_;
    std::vector<Ancestor> ancestors_;         // with the root
    std::vector<RootDirectory> directories_;  // from "/" to here, without "/"
    std::size_t directory_count_ = 0;
    bool is_over_limit_ = false;
};

void Walk::fail(int code, std::string message, const std::string& path) {
    errors_.push_back(code == 0
                          ? Error{Fault::configuration, 0, std::move(message), path}
                          : system_error(Fault::configuration, code, std::move(message), path));
}

Result<std::vector<RootFile>, Errors> Walk::run(const std::string& root) {
    struct stat status;
    if (::lstat(root.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return std::vector<RootFile>();
    if (::stat(root.c_str(), &status) != 0)
        fail(errno, "cannot be reached", root);
    else if (!S_ISDIR(status.st_mode))
        fail(ENOTDIR, "the tree of files to put in place has to be a directory", root);
    else {
        ancestors_.push_back({status.st_dev, status.st_ino, root});
        list(root, "");
    }
    if (errors_.empty()) check_targets();
    if (!errors_.empty()) return std::move(errors_);
    return std::move(files_);
}

void Walk::list(const std::string& source, const std::string& target) {
    const auto names = platform::list_directory(source);
    if (!names) return fail(names.error().code, "the directory cannot be read", source);
    for (const std::string& name : *names) {
        if (is_over_limit_) return;
        if (name.starts_with("..")) continue;
        visit(source + "/" + name, target + "/" + name);
    }
}

void Walk::visit(const std::string& source, const std::string& target) {
    struct stat status;
    if (::stat(source.c_str(), &status) != 0) {
        const int code = errno;
        const bool is_link = ::lstat(source.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
        if (code == ENOENT && is_link) return fail(0, "is a link that leads to nothing", source);
        if (code == ELOOP) return fail(code, "is a link in a circle", source);
        return fail(code, "cannot be reached", source);
    }
    if (S_ISDIR(status.st_mode)) return visit_directory(source, target, status);
    if (S_ISREG(status.st_mode)) return add(source, target, status.st_mode & permission_bits);
    fail(0,
         fmt::format("is {}: only files, directories and links to them can be put in place",
                     kind_of(status.st_mode)),
         source);
}

void Walk::visit_directory(const std::string& source, const std::string& target,
                           const struct stat& status) {
    for (const Ancestor& above : ancestors_)
        if (above.device == status.st_dev && above.inode == status.st_ino)
            return fail(ELOOP, fmt::format("leads back to {}", above.path), source);
    if (ancestors_.size() > deepest)
        return fail(0, fmt::format("lies deeper than {} directories", deepest), source);
    if (++directory_count_ > most_directories) {
        is_over_limit_ = true;
        return fail(0,
                    fmt::format("is one more than the {} directories that a tree may have",
                                most_directories),
                    source);
    }
    ancestors_.push_back({status.st_dev, status.st_ino, source});
    directories_.push_back({target, status.st_mode & permission_bits});
    list(source, target);
    directories_.pop_back();
    ancestors_.pop_back();
}

void Walk::add(const std::string& source, const std::string& target, mode_t mode) {
    if (files_.size() == most_files) {
        is_over_limit_ = true;
        return fail(0,
                    fmt::format("is one more than the {} files that a tree may have", most_files),
                    source);
    }
    RootFile file{.source = source, .target = target, .mode = mode, .directories = directories_};
    const std::string_view name = std::string_view(target).substr(target.rfind('/') + 1);
    file.is_template = is_template_name(name);
    if (file.is_template) file.target.resize(target.size() - template_suffix.size());
    files_.push_back(std::move(file));
}

void Walk::check_targets() {
    // A stable order among the sources of one target: "a" before "a.tmpl".
    std::ranges::sort(files_, [](const RootFile& a, const RootFile& b) {
        return std::tie(a.target, a.source) < std::tie(b.target, b.source);
    });
    std::map<std::string, std::string> sources;  // of each directory
    for (const RootFile& file : files_)
        for (const RootDirectory& directory : file.directories)
            sources.emplace(directory.path, file.source);
    for (std::size_t at = 0; at < files_.size(); ++at) {
        const RootFile& file = files_[at];
        if (at > 0 && files_[at - 1].target == file.target)
            fail(0,
                 fmt::format("{} is made from {} already: remove one of the two", file.target,
                             files_[at - 1].source),
                 file.source);
        if (const auto directory = sources.find(file.target); directory != sources.end())
            fail(0,
                 fmt::format("{} is the directory of {} already: it cannot be a file too",
                             file.target, directory->second),
                 file.source);
    }
}

}  // namespace

Result<std::vector<RootFile>, Errors> find_root_files(const std::string& root) {
    std::string path = root;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return Walk().run(path);
}

}  // namespace kaigara::provision
