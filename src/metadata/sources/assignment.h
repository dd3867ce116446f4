// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sets single values by their path: the common part of `--set` and of the environment.
//
// It takes two steps. resolve() finds out, against the tree of the layers below, which existing
// keys and list items a path means; assign() then puts the value into the tree of the layer itself.
// A list of the layers below is copied there before one of its items is set, since a list in an
// upper layer replaces the one below.
//
// A digit step is an item of an existing list, or the key of an existing map. It never makes a
// list.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::metadata {

using Steps = std::vector<std::string>;

// "a.b.0"
std::string path_text(const Steps& steps);

// Where an assignment comes from, in errors: "--set a.b", or a variable's name.
struct Request {
    std::string_view where;
    // What the layers below could not be read: then nothing is said about keys that they lack.
    bool lower_is_complete = true;
};

// How the steps of a path are found among a map's keys.
class Spelling {
public:
    virtual ~Spelling() = default;
    struct Found {
        std::string key;
        std::size_t steps = 1;  // how many steps of the path the key takes
    };
    // The key that the steps from `at` on begin with: an existing one, or the one to be made.
    virtual Result<Found> key(const Value& map, const Steps& steps, std::size_t at) const = 0;
    // The name of a key in a map that does not exist yet.
    virtual std::string new_key(std::string_view step) const = 0;
};

// Upper and lower case differ. A step of a path may be a key with dots in it: the longest run of
// steps that is an existing key wins, as in Tree::find.
class DottedSpelling : public Spelling {
public:
    Result<Found> key(const Value& map, const Steps& steps, std::size_t at) const override;
    std::string new_key(std::string_view step) const override { return std::string(step); }
};

// "app.db.0" in steps; a leading dot is allowed. Fault::bad_data, with no `where`, for an empty
// path or step and for more steps than metadata may nest.
Result<Steps> split_path(std::string_view path);

// The steps with the spelling of the keys that exist; Fault::bad_data when an index is past a
// list's end, or when a map is where a value shall be, or the other way round.
Result<Steps> resolve(const Request& request, const Steps& steps, const Tree& lower,
                      const Spelling& spelling);

// Puts `value` into `upper`, which is to be merged over `lower`. The steps are resolved, and no
// earlier assignment to `upper` is at the same path, above or below it.
void assign(Tree& upper, const Tree& lower, const Steps& steps, Value value);

// A tree that knows the sources of `lower`, so that copied items keep their origins.
Tree layer_over(const Tree& lower);

// `path=value` of one `--set`, as a layer over `lower`. Steps are separated by dots, where a key
// that exists may hold dots itself; upper and lower case differ.
Result<Tree> read_set(std::string_view assignment, const Tree& lower,
                      bool lower_is_complete = true);

}  // namespace kaigara::metadata
