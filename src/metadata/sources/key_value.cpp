// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/key_value.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/bounds.h"
#include "metadata/json.h"
#include "metadata/yaml.h"
#include "remote/consul.h"
#include "remote/etcd.h"

namespace kaigara::metadata {

namespace {

class Reader {
public:
    explicit Reader(const Source& source) : source_(source), name_(name_of(source)) {
        sources_.push_back(name_);
    }

    void add(const remote::KeyValue& entry) {
        if (is_over()) return;
        const std::string_view key = entry.key;
        if (key.ends_with('/') && entry.value.empty()) return;
        text_ += key.size() + entry.value.size();
        if (text_ > max_text_bytes)
            return fail(key, fmt::format("with this key the values are larger than {} MiB",
                                         max_text_bytes >> 20U));
        if (text::invalid_utf8(key)) return fail(key, "the key is invalid UTF-8");
        if (auto value = read_value(entry)) place(key, *std::move(value));
    }

    Result<Tree, Errors> take() {
        if (!errors_.empty()) return std::move(errors_);
        return Tree(std::move(root_), std::move(sources_));
    }

private:
    bool is_over() const { return nodes_ > max_nodes || errors_.size() >= max_errors; }

    std::optional<Value> read_value(const remote::KeyValue& entry) {
        sources_.push_back(fmt::format("{}/{}", name_, text::printable(entry.key)));
        const auto origin = static_cast<std::uint32_t>(sources_.size() - 1);
        const bool is_document =
            source_.format == SourceFormat::yaml || source_.format == SourceFormat::json;
        if (is_document && !text::trim(entry.value).empty()) {
            auto value = source_.format == SourceFormat::yaml
                             ? read_yaml(entry.value, origin, sources_.back(), Root::any)
                             : read_json(entry.value, origin, sources_.back(), Root::any);
            if (value) return std::move(*value);
            for (Error& error : value.error()) errors_.push_back(std::move(error));
            return std::nullopt;
        }
        if (entry.value.find('\0') != std::string::npos)
            fail(entry.key, "holds a NUL character; a value has to be text");
        else if (text::invalid_utf8(entry.value))
            fail(entry.key, "holds invalid UTF-8; a value has to be text");
        else
            return Value::plain(entry.value, {origin, 0, 0});
        return std::nullopt;
    }

    // Keys come in their order, so that a new one is mostly the last of its map.
    void place(std::string_view key, Value value) {
        Value* map = &root_;
        std::size_t depth = 1;
        for (std::size_t slash = key.find('/'); slash != std::string_view::npos;
             slash = key.find('/')) {
            map = folder(*map, key.substr(0, slash), value.origin());
            if (map == nullptr) return conflict(value);
            if (slash == 0 || ++depth > max_depth) return bad_step(value, slash == 0);
            key.remove_prefix(slash + 1);
        }
        if (key.empty()) return bad_step(value, true);
        if (map->find(key) != nullptr) return conflict(value);
        nodes_ += value.size();
        if (nodes_ > max_nodes)
            return fail_at(value,
                           fmt::format("with this key there are more than {} values", max_nodes));
        map->put(key, std::move(value));
    }

    Value* folder(Value& map, std::string_view step, Origin origin) {
        if (Value* found = map.find(step)) return found->is_map() ? found : nullptr;
        ++nodes_;
        return &map.put(step, Value::map({}, origin));
    }

    void conflict(const Value& value) {
        fail_at(value, "is below a key, or above keys, so one of them is a value and a folder");
    }
    void bad_step(const Value& value, bool is_empty) {
        fail_at(value, is_empty
                           ? std::string("has an empty step: two slashes, or a slash at its end")
                           : fmt::format("has more than {} steps", max_depth - 1));
    }
    void fail_at(const Value& value, std::string message) {
        errors_.push_back(
            {Fault::bad_data, 0, std::move(message), sources_[value.origin().source]});
    }
    void fail(std::string_view key, std::string message) {
        errors_.push_back({Fault::bad_data, 0, std::move(message),
                           fmt::format("{}/{}", name_, text::printable(key))});
    }

    const Source& source_;
    std::string name_;
    std::vector<std::string> sources_;
    Value root_ = Value::map({});
    std::size_t nodes_ = 1;
    std::size_t text_ = 0;
    Errors errors_;
};

}  // namespace

Result<std::unique_ptr<remote::Store>> connect(platform::HttpClient& client, const Source& source,
                                               std::span<const std::string_view> environment) {
    return source.kind == SourceKind::consul ? remote::connect_consul(client, environment)
                                             : remote::connect_etcd(client, environment);
}

Result<Tree, Errors> read_listing(const remote::Listing& listing, const Source& source) {
    Reader reader(source);
    for (const remote::KeyValue& entry : listing.entries) reader.add(entry);
    return reader.take();
}

}  // namespace kaigara::metadata
