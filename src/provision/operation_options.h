// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operation may say about itself: the options of its annotation comment and of its entry
// under `operations:` in kaigara.yml. One table names them, reads them and explains them; the
// annotation reader, kaigara.yml and its JSON Schema all follow from its rows. A new option is a
// member and a row.
//
// Values are texts, as a comment has nothing else; a list is separated by commas. Every assignment
// replaces what was there, so that kaigara.yml, which is applied after the annotations, wins option
// by option. An empty text gives a list, `when` and `user` back their default: so kaigara.yml takes
// away what an image says. Whether the options suit each other is asked when both have spoken.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace kaigara::provision {

enum class RunKind : std::uint8_t {
    always,     // at every start, without a record
    once,       // once per ledger
    on_change,  // when its content or its inputs differ from those of its last success
};
enum class OnFailure : std::uint8_t { stop, go_on };
enum class OnInterrupt : std::uint8_t { rerun, fail };
enum class OnEdit : std::uint8_t { warn, fail, rerun };

struct OperationOptions {
    RunKind run = RunKind::always;
    std::vector<std::string> inputs;  // metadata paths, and files, which begin with a slash
    std::string when;                 // empty: no condition
    std::vector<std::string> wait;    // targets as of `kaigara wait`
    Milliseconds wait_timeout{60'000};
    Milliseconds timeout{0};  // of one attempt; 0: none
    Milliseconds kill_after{5'000};
    unsigned retries = 0;
    Milliseconds retry_delay{1'000};
    std::string user;  // empty: kaigara's own
    OnFailure on_failure = OnFailure::stop;
    OnInterrupt interrupted = OnInterrupt::rerun;
    OnEdit on_edit = OnEdit::warn;
    bool barrier = false;

    bool is_recorded() const noexcept { return run != RunKind::always; }
    bool operator==(const OperationOptions&) const = default;
};

struct OperationOption {
    std::string_view name;  // as users write it: "wait-timeout"
    std::string_view help;  // one line, no full stop
    bool is_list = false;   // kaigara.yml may give a list; as a text it is separated by commas
    // Fault::configuration with a message that does not name the option, and no `where`.
    Result<void> (*assign)(OperationOptions& options, std::string_view text);
};

std::span<const OperationOption> operation_options() noexcept;

// The option of that name, or nullptr.
const OperationOption* find_option(std::string_view name) noexcept;

// "unknown option 'rnu' (did you mean 'run'?)"
std::string unknown_option(std::string_view name);

// "always", "once", "on-change".
std::string_view run_kind_name(RunKind kind) noexcept;

// Options that mean nothing together: who wrote them expects something that would not happen.
// All of them in one message; Fault::configuration without `where`.
Result<void> check_combination(const OperationOptions& options);

// What kaigara.yml says about one operation. The values have been assigned once, to options that
// nobody keeps, so that what is wrong with them is told with the rest of the file.
struct OperationEntry {
    std::string name;
    std::string where;  // "kaigara.yml:7:3"
    struct Value {
        const OperationOption* option = nullptr;
        std::string text;
        std::string where;
    };
    std::vector<Value> values;
};

}  // namespace kaigara::provision
