// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operations of an image: the files of one directory, in bytewise order of their names.
//
// Everything that would keep one of them from starting is looked for before the first one runs, so
// that a start never stops half-way for want of a `chmod +x`. Nothing is left out silently: what is
// no operation (a directory, an editor's backup, a README) is passed over with a debug line, and
// whatever else cannot be run is an error.
//
// A script that may not be executed but says by `#!` what it is runs through that interpreter, the
// way the kernel would have done it. So do the files of ConfigMaps (mode 0644 by default), of
// checkouts from Windows and of volumes mounted noexec.
//
// What an operation says about itself stands in the annotations of its file; kaigara.yml has the
// last word, and override_options() says it.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "provision/operation_options.h"

namespace kaigara::provision {

struct Operation {
    std::string name;  // the whole file name; messages and KAIGARA_OPERATION use it
    std::string path;
    // What is executed: the path alone, or the interpreter, its argument if any, and the path.
    std::vector<std::string> command;
    bool through_interpreter = false;  // because the file itself may not be executed
    OperationOptions options;
};

// All operations of a directory with the options of their annotations, or everything that is wrong
// with any of them; each error is Fault::configuration with the file as `where`. A directory that
// does not exist holds no operation, unless the user named it: then it is an error.
Result<std::vector<Operation>, Errors> find_operations(const std::string& directory, bool named);

// What kaigara.yml says about the operations, over what their annotations say. The errors are all
// that is wrong then: entries without an operation, and options of an operation that do not suit
// each other. Fault::configuration, with the entry or the operation's file as `where`.
Errors override_options(std::vector<Operation>& operations,
                        const std::vector<OperationEntry>& entries);

}  // namespace kaigara::provision
