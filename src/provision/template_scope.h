// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sections that are being walked, and what a name means inside them.
//
// A frame is one section: its item, how many there are, and which one it is. Names are looked for
// in the innermost frame that has a value, then outwards, last in the root of the tree. The first
// step of a name decides where it stays: with a `tls` of its own, an item never gets parts of the
// `tls` outside.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/tree.h"
#include "provision/template_program.h"

namespace kaigara::provision {

struct Frame {
    std::uint32_t marker = 0;
    const metadata::Value* value = nullptr;  // the item; nullptr: names are looked for outside
    const metadata::Value* whole = nullptr;  // the list or map that is walked, if any
    std::size_t count = 1;
    std::size_t next = 0;  // rounds begun; the current item is next - 1
    std::size_t home = 0;  // the frame in which the section's name was found

    bool walks() const noexcept { return whole != nullptr; }
    bool is_over() const noexcept { return next >= count; }
};

class Scope {
public:
    struct Found {
        const metadata::Value* value = nullptr;
        std::size_t frame = 0;
    };

    Scope(const Program& program, const metadata::Tree& tree);

    void push(Frame frame) { frames_.push_back(frame); }
    void pop() { frames_.pop_back(); }
    Frame& top() noexcept { return frames_.back(); }
    const Frame& top() const noexcept { return frames_.back(); }
    // Sections within each other, over all includes.
    std::size_t depth() const noexcept { return frames_.size() - 1; }
    // Moves the innermost frame to its next item.
    void next_round();

    // What a marker's name stands for: a path, or {{.}}, the innermost value.
    Found look_up(const Marker& marker) const;

    // The innermost frame that walks a list or map; with `map_only` a map. nullptr: there is none.
    const Frame* walked(bool map_only) const noexcept;
    // The innermost frame of that marker.
    const Frame* frame_of(std::uint32_t marker) const noexcept;

    // "servers.1" for the item that is being walked; empty outside of lists and maps.
    std::string item_path() const;

    // " (did you mean 'app.db.host'?)", or nothing. Compares with the names of every frame.
    std::string suggestion(std::string_view path) const;

    // Whether the name exists in any other item of the lists that are being walked. Adds what it
    // looked at to `steps`, and gives up past `most`.
    bool exists_in_other_items(std::string_view path, std::size_t& steps, std::size_t most) const;

private:
    std::string path_of(std::size_t frame) const;

    const Program& program_;
    const metadata::Tree& tree_;
    std::vector<Frame> frames_;  // the first is the root of the tree
};

}  // namespace kaigara::provision
