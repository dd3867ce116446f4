// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the contract tests play: with which rights, and with which programs.
//
// One test program is run three times, KAIGARA_TEST_MODE saying how:
//
//   root            PID and mount namespaces, as root: a container of a rootful engine
//   user            a plain user (65534, where the tests are started by root) without any
//   capability;
//                   the user namespace that a PID namespace then needs maps that user to itself
//   user-namespace  the same user, mapped to root: a container of a rootless engine
//
// Where nothing is said, it is root for root and user for everybody else. enter_world() has to run
// before the first test: it copies the programs to a place that any user can read, and only then
// gives up its rights, for good.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace kaigara::test {

enum class Mode { root, user, user_namespace };

// Why the mode cannot be had here, if so. Throws where something is broken rather than missing.
std::optional<std::string> enter_world();

Mode mode();

// Writes the identity maps of a process that is in a user namespace of its own: the plain user
// stays himself, or is root in there.
void map_ids(pid_t process);

// The binary under test: KAIGARA_BINARY, or the one of this build.
const std::string& kaigara_path();
// The same binary under another name: tini, dumb-init, ...
std::string face_path(std::string_view name);
// See actor/actor.cpp.
const std::string& actor_path();
// A peer as Debian has it, /usr/bin/NAME; nothing where it is not installed.
std::optional<std::string> peer_path(std::string_view name);

// The folder that the programs are in, for PATH.
std::string program_folder();
// A copy of docs/examples/NAME.
std::string example_path(std::string_view name);

// NAME=value for each program that is started: an instrumented binary has to be told to leave the
// dispositions of signals as they are, and whether to look for leaks. Nothing for any other.
std::vector<std::string> sanitizer_environment(bool finds_leaks);

// No loader stands between exec and the binary's first instruction.
bool kaigara_is_static();

}  // namespace kaigara::test
