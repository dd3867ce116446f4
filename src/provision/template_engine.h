// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one door to ctemplate.
//
// It is given nothing but text that the front end made: its own delimiters, numbered names, no
// modifiers, no pragma. Whatever it still refuses is a bug here. Its cache lives for one rendering,
// is filled from strings and frozen, so that it never looks for a file. It is single-threaded, and
// writes to std::cerr only about errors that cannot happen; the program has to have initialised the
// standard streams before, since a static binary may leave that out.

#include "base/result.h"
#include "provision/template_program.h"
#include "provision/template_renderer.h"

namespace kaigara::provision {

// Walks program.files[0], asking `renderer` at every marker, which also takes the text.
Result<void> run_engine(const Program& program, Renderer& renderer);

}  // namespace kaigara::provision
