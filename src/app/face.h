// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names under which kaigara is another init: see docs/faces.md.

#include <string_view>

namespace kaigara::app {

// Runs a face to its end; the result is the exit status.
using Face = int (*)(int argc, char** argv, char** environment);

// The face for the last part of argv[0]; nullptr when it is none of theirs.
Face find_face(std::string_view argv0);

}  // namespace kaigara::app
