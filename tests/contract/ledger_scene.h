// SPDX-License-Identifier: Apache-2.0
#pragma once

// A provision scene with a ledger, and the test's own understanding of a ledger's lines.
//
// Nothing here is shared with the product: the sum of a line is computed by the table-free division
// that POSIX describes under cksum, and the line is taken apart by hand. So a ledger that these
// tests call well is one that a person with the same tools can check.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/provision_scene.h"

namespace kaigara::test {

struct LedgerLine {
    std::size_t number = 0;
    std::string time;
    std::string event;
    std::string name;  // as it is written; empty on line 1
    std::map<std::string, std::string> facts;
};

// As the program cksum prints it.
std::uint32_t cksum(std::string_view bytes);

// The lines of a ledger, each checked: number, time, chain and sum, with doctest's CHECK.
std::vector<LedgerLine> checked_lines(const std::string& text);
// "EVENT NAME" of all lines behind the first.
Strings events_of(const std::string& text);

// Numbers, chains and sums lines that say only "EVENT NAME key=value...".
std::string make_ledger(const Strings& records);

class LedgerScene : public ProvisionScene {
public:
    // `state/ledger` in the folder; the directory is not there at first.
    std::string ledger() const { return folder() / "state/ledger"; }
    std::string text() const { return folder().read("state/ledger"); }
    Strings events() const { return events_of(text()); }
    // How many records there are, in whatever state the file is.
    std::size_t records() const;

    // An operation with an annotation that adds a line with its name to the file `runs`, then does
    // the script.
    void annotated(std::string_view name, std::string_view options,
                   std::string_view script = "") const;
    // What the operations of annotated() wrote since this was asked last.
    Strings runs() const;

    // kaigara COMMAND with the folder's parts and the ledger.
    Strings ledger_words(std::string_view command, Strings options = {}) const;
    Outcome provision(Strings options = {}, Strings environment = {}) const;
    // provision ends with 0 and has run these.
    Outcome provisions(const Strings& ran, Strings options = {}, Strings environment = {}) const;
    // provision ends so, names the texts, and runs nothing.
    Outcome refuses(std::string_view ending, const Strings& texts) const;
    // kaigara ledger WORDS...
    Outcome ledger_command(Strings words) const;

    // Starts `kaigara provision`, waits for that output and kills the whole namespace.
    void kill_at(std::string_view output) const;
};

// Waits until both streams together have the text.
void wait_for_either(Program& program, std::string_view text);

}  // namespace kaigara::test
