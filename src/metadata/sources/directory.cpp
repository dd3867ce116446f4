// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/directory.h"

#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/bounds.h"
#include "platform/files.h"

namespace kaigara::metadata {

namespace {

class Reader {
public:
    // What cannot be read is noted.
    Value read(const std::string& directory, std::size_t depth) {
        const Origin origin = add_source(directory);
        std::vector<Value::Entry> entries;
        auto names = platform::list_directory(directory);
        if (!names) {
            errors_.push_back(std::move(names).error());
            return Value::map({}, origin);
        }
        if (depth > max_depth) {
            fail(directory, fmt::format("directories nest past the limit of {} levels", max_depth));
            return Value::map({}, origin);
        }
        for (const std::string& name : *names) {
            if (name.starts_with('.') || name == "lost+found") continue;
            if (is_over()) break;
            read_entry(directory, name, depth, entries);
        }
        return Value::map(std::move(entries), origin);
    }

    Result<Tree, Errors> take(Value root) {
        if (!errors_.empty()) return std::move(errors_);
        return Tree(std::move(root), std::move(sources_));
    }

private:
    // Every path is read once, so there is no need to look for it among the others.
    Origin add_source(const std::string& path) {
        sources_.push_back(path);
        return {static_cast<std::uint32_t>(sources_.size() - 1), 0, 0};
    }

    bool is_over() const { return nodes_ > max_nodes || errors_.size() >= max_errors; }

    void read_entry(const std::string& directory, const std::string& name, std::size_t depth,
                    std::vector<Value::Entry>& entries) {
        const std::string path =
            directory.ends_with('/') ? directory + name : directory + '/' + name;
        if (++nodes_ > max_nodes) {
            fail(path, fmt::format("with this file there are more than {} values", max_nodes));
            return;
        }
        if (text::invalid_utf8(name)) {
            fail(path, "the name is invalid UTF-8; it has to be a key");
            return;
        }
        auto content = platform::read_file(path, max_value_bytes);
        if (content) {
            add_value(path, name, std::move(*content), entries);
        } else if (content.error().code == EISDIR) {
            entries.push_back({name, read(path, depth + 1)});
        } else {
            errors_.push_back(std::move(content).error());
        }
    }

    void add_value(const std::string& path, const std::string& name, std::string content,
                   std::vector<Value::Entry>& entries) {
        if (content.ends_with('\n')) content.pop_back();
        text_ += content.size();
        if (content.find('\0') != std::string::npos)
            fail(path, "holds a NUL character; a value has to be text");
        else if (text::invalid_utf8(content))
            fail(path, "holds invalid UTF-8; a value has to be text");
        else if (text_ > max_text_bytes)
            fail(path, fmt::format("with this file the values are larger than {} MiB",
                                   max_text_bytes >> 20U));
        else
            entries.push_back({name, Value::plain(std::move(content), add_source(path))});
    }

    void fail(const std::string& path, std::string message) {
        errors_.push_back({Fault::bad_data, 0, std::move(message), text::printable(path)});
    }

    std::vector<std::string> sources_;
    std::size_t nodes_ = 0;
    std::size_t text_ = 0;
    Errors errors_;
};

}  // namespace

Result<Tree, Errors> load_key_directory(const std::string& path) {
    Reader reader;
    Value root = reader.read(path, 1);
    return reader.take(std::move(root));
}

}  // namespace kaigara::metadata
