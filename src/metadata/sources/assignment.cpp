// SPDX-License-Identifier: Apache-2.0
#include "metadata/sources/assignment.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "metadata/bounds.h"
#include "metadata/merge.h"

namespace kaigara::metadata {

namespace {

bool is_number(std::string_view step) {
    return !step.empty() && step.find_first_not_of("0123456789") == std::string_view::npos;
}

Error refuse(const Request& request, std::string message) {
    return {Fault::bad_data, 0, std::move(message), std::string(request.where)};
}

// One walk down the layers below, as far as they reach.
class Walk {
public:
    Walk(const Request& request, const Steps& steps, const Tree& lower, const Spelling& spelling)
        : request_(request), steps_(steps), lower_(lower), spelling_(spelling), at_(&lower.root()) {
    }

    Result<Steps> run() {
        if (steps_.size() > max_depth)
            return refuse(request_, fmt::format("a path of {} steps; {} are the limit",
                                                steps_.size(), max_depth));
        while (next_ < steps_.size()) KG_TRY(step());
        if (at_ != nullptr && at_->is_map()) {
            return conflict(path_text(found_), *at_, lower_.origin_text(at_->origin()),
                            Value::plain({}), std::string(request_.where));
        }
        return std::move(found_);
    }

private:
    Result<void> step() {
        if (at_ != nullptr && at_->is_null()) at_ = nullptr;  // declared, without a value
        if (at_ == nullptr) return new_step();
        if (at_->is_list()) return list_step();
        if (at_->is_map()) return map_step();
        return conflict(path_text(found_), *at_, lower_.origin_text(at_->origin()), Value::map({}),
                        std::string(request_.where));
    }

    Result<void> new_step() {
        const std::string& step = steps_[next_++];
        if (is_number(step) && request_.lower_is_complete) {
            return refuse(request_, fmt::format("there is no list '{}' to have an item {}; give "
                                                "the list in a file",
                                                text::printable(path_text(found_)), step));
        }
        found_.push_back(spelling_.new_key(step));
        return {};
    }

    Result<void> list_step() {
        const std::string& step = steps_[next_++];
        const std::size_t size = at_->items().size();
        const std::string list = text::printable(path_text(found_));
        if (!is_number(step)) {
            return refuse(request_,
                          fmt::format("'{}' is a list ({}); '{}' is no index of it", list,
                                      lower_.origin_text(at_->origin()), text::printable(step)));
        }
        const auto index = text::parse_number(step, size);
        if (!index || *index == size) {
            return refuse(request_, fmt::format("index {} is past the end of the list '{}', which "
                                                "has {} items ({})",
                                                text::printable(step), list, size,
                                                lower_.origin_text(at_->origin())));
        }
        found_.push_back(std::to_string(*index));
        at_ = &at_->items()[static_cast<std::size_t>(*index)];
        return {};
    }

    Result<void> map_step() {
        KG_LET(key, spelling_.key(*at_, steps_, next_));
        next_ += key.steps;
        at_ = at_->find(key.key);
        found_.push_back(std::move(key.key));
        return {};
    }

    const Request& request_;
    const Steps& steps_;
    const Tree& lower_;
    const Spelling& spelling_;
    const Value* at_;  // nullptr where the layers below have nothing
    std::size_t next_ = 0;
    Steps found_;
};

const Value* child(const Value* parent, const std::string& step) {
    if (parent == nullptr) return nullptr;
    if (!parent->is_list()) return parent->find(step);
    const auto index = text::parse_number(step, parent->items().size());
    if (!index || *index >= parent->items().size()) return nullptr;
    return &parent->items()[static_cast<std::size_t>(*index)];
}

}  // namespace

std::string path_text(const Steps& steps) { return fmt::format("{}", fmt::join(steps, ".")); }

Result<Spelling::Found> DottedSpelling::key(const Value& map, const Steps& steps,
                                            std::size_t at) const {
    for (std::size_t end = steps.size(); end > at; --end) {
        std::string joined = path_text(Steps(steps.begin() + static_cast<std::ptrdiff_t>(at),
                                             steps.begin() + static_cast<std::ptrdiff_t>(end)));
        if (map.find(joined) != nullptr) return Found{std::move(joined), end - at};
    }
    return Found{steps[at], 1};
}

Result<Steps> split_path(std::string_view path) {
    Steps steps;
    const std::string_view below_root = path.starts_with('.') ? path.substr(1) : path;
    for (const std::string_view step : text::split(below_root, '.')) steps.emplace_back(step);
    if (steps.size() > max_depth)
        return Error{Fault::bad_data, 0,
                     fmt::format("a path of {} steps; {} are the limit", steps.size(), max_depth),
                     ""};
    if (std::ranges::find(steps, std::string()) == steps.end()) return steps;
    return Error{Fault::bad_data, 0,
                 below_root.empty()
                     ? "the path is empty"
                     : fmt::format("an empty step in the path '{}'", text::printable(path)),
                 ""};
}

Result<Steps> resolve(const Request& request, const Steps& steps, const Tree& lower,
                      const Spelling& spelling) {
    return Walk(request, steps, lower, spelling).run();
}

void assign(Tree& upper, const Tree& lower, const Steps& steps, Value value) {
    const Origin origin = value.origin();
    Value* at = &upper.root();
    const Value* below = &lower.root();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const bool last = i + 1 == steps.size();
        below = child(below, steps[i]);
        if (at->is_list()) {
            const auto index = text::parse_number(steps[i], at->items().size());
            at = &at->items()[static_cast<std::size_t>(index.value_or(0))];
            if (!last && at->is_null()) *at = Value::map({}, origin);
        } else if (Value* there = at->find(steps[i]); there != nullptr && !there->is_null()) {
            at = there;
        } else if (!last && below != nullptr && below->is_list()) {
            at = &at->put(steps[i], *below);
        } else {
            at = &at->put(steps[i], Value::map({}, origin));
        }
    }
    *at = std::move(value);
}

Tree layer_over(const Tree& lower) { return Tree(Value::map({}), lower.sources()); }

Result<Tree> read_set(std::string_view assignment, const Tree& lower, bool lower_is_complete) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) {
        return Error{
            Fault::usage, 0,
            fmt::format("'{}' lacks its '='; write --set path=value", text::printable(assignment)),
            "--set"};
    }
    const std::string_view path = assignment.substr(0, equals);
    const std::string where = fmt::format("--set {}", text::printable(path));
    if (text::invalid_utf8(assignment)) return Error{Fault::bad_data, 0, "invalid UTF-8", where};
    auto steps = split_path(path);
    if (!steps) {
        return Error{Fault::usage, 0, steps.error().message + "; write --set path=value", "--set"};
    }
    KG_LET(found, resolve({where, lower_is_complete}, *steps, lower, DottedSpelling()));
    Tree layer = layer_over(lower);
    const Origin origin{layer.add_source(where), 0, 0};
    assign(layer, lower, found, Value::plain(std::string(assignment.substr(equals + 1)), origin));
    return layer;
}

}  // namespace kaigara::metadata
