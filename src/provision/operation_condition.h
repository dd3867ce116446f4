// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operation asks of the metadata: whether it applies (`when`), and what its `inputs` are
// now. A path that does not exist is no error in either: it is false, or absent.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/tree.h"

namespace kaigara::provision {

// Whether a text has the form of a metadata path: "app.db.host", ".app.db.host".
// Fault::configuration with a message that says what is wrong, without `where`.
Result<void> check_metadata_path(std::string_view path);

// Whether a text has the form of a condition: `path`, `!path`, `path=text` or `!path=text`.
Result<void> check_when(std::string_view when);

// A path alone is true as it is in a template (0 is true; "", false, null, [], {} are not);
// `path=text` is when the value is a scalar of exactly that text. An empty condition applies.
bool applies(std::string_view when, const metadata::Tree& tree);

// The inputs of an operation: values of the metadata as they were resolved, and files as they are
// whenever they are asked for, since an operation before this one may write them.
class OperationInputs {
public:
    OperationInputs() = default;
    OperationInputs(const std::vector<std::string>& inputs, const metadata::Tree& tree);

    bool has_files() const noexcept;

    // For files that are about to be written: their path, and the SHA-256 that they will have.
    using Planned = std::map<std::string, std::string, std::less<>>;

    // 64 hexadecimal digits that are equal when the inputs are, in their order: the values of
    // metadata paths as JSON, the contents of files, or that there is none; empty without inputs.
    // Fault::configuration for a file that exists and cannot be read, a directory included.
    Result<std::string> digest(const Planned& planned = {}) const;

private:
    struct Shape {
        std::string_view kind;
        std::string text;
    };
    struct Input {
        std::string name;
        Shape value;  // of one that is no file
        bool is_file = false;
    };

    static Shape shape_of_value(std::string_view path, const metadata::Tree& tree);
    static Result<Shape> shape_of_file(const std::string& path, const Planned& planned);

    std::vector<Input> inputs_;
};

}  // namespace kaigara::provision
