// SPDX-License-Identifier: Apache-2.0
#include "provision/template_front.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "provision/template_marker.h"

namespace kaigara::provision {

namespace {

constexpr std::string_view separator_suffix = "_separator";

// Text or one marker of the line that is being read. A comment may stretch over several lines of
// the file; it does not end the line here.
struct Piece {
    std::string_view text;  // the author's text, when `engine` is empty
    std::string engine;     // what a marker becomes in the engine's text; may be "" too
    bool is_marker = false;
    bool prints = false;        // a value: its line is never taken away
    std::int64_t include = -1;  // the index of an include marker
};

struct OpenSection {
    std::uint32_t marker = 0;
    Form form = Form::section;
};

class Reader {
public:
    Reader(Program& program, std::uint32_t file, Errors& errors)
        : program_(program), errors_(errors), file_(file), source_(program.files[file].source),
          out_(program.files[file].engine_text), first_marker_(program.markers.size()) {}

    void read();

private:
    bool is_full() const { return errors_.size() >= max_template_errors || stopped_; }
    void fail(std::uint32_t line, std::uint32_t column, std::string message);

    std::size_t find_open(std::size_t from) const;
    void take_text(std::string_view text);
    std::size_t take_marker(std::size_t begin);
    void end_line();
    void take_line_away();

    void write_text(std::string_view text);
    void write_literal(char byte);
    void write_marker(std::string_view text);

    std::uint32_t add_marker(MarkerKind kind, const ParsedMarker& parsed);
    void add(ParsedMarker& parsed);
    void add_value(ParsedMarker& parsed);
    void open_section(const ParsedMarker& parsed);
    void close_section(const ParsedMarker& parsed);
    void add_include(const ParsedMarker& parsed);
    std::int64_t separated_section(std::string_view path) const;
    std::string closing_marker(const OpenSection& open) const;
    void push_marker(std::string engine, bool prints = false, std::int64_t include = -1);
    void finish();

    Program& program_;
    Errors& errors_;
    std::uint32_t file_;
    std::string_view source_;
    std::string& out_;
    Delimiters delimiters_;
    std::uint32_t line_ = 1;
    std::size_t line_begin_ = 0;  // the offset of the line's first byte
    std::uint32_t column_ = 1;    // of the marker that is being read
    bool stopped_ = false;
    bool behind_marker_ = false;
    std::size_t first_marker_;
    std::vector<Piece> pieces_;
    std::vector<OpenSection> open_;
    std::vector<OpenSection> crossed_;  // counted as closed, after an error
    std::unordered_set<std::string_view> inverted_;
};

void Reader::fail(std::uint32_t line, std::uint32_t column, std::string message) {
    if (errors_.size() < max_template_errors)
        add_error(errors_, program_.place(file_, line, column), std::move(message));
}

// --- the engine's text --------------------------------------------------------------------------

void Reader::write_literal(char byte) {
    fmt::format_to(std::back_inserter(out_), "{}{}{}{}", engine_open, engine_literal,
                   static_cast<unsigned char>(byte), engine_close);
    behind_marker_ = false;
}

void Reader::write_text(std::string_view text) {
    if (text.empty()) return;
    // Behind a marker that is no value the engine swallows the backslash of "\<line end>", a way to
    // keep line ends in strip modes that are never used here.
    if (behind_marker_ && text[0] == '\\') {
        write_literal(text[0]);
        text.remove_prefix(1);
    }
    behind_marker_ = false;
    while (!text.empty()) {
        const auto is_engine_byte = [](char c) { return c == engine_open || c == engine_close; };
        const auto stop = std::find_if(text.begin(), text.end(), is_engine_byte);
        const auto length = static_cast<std::size_t>(stop - text.begin());
        out_.append(text.substr(0, length));
        if (length == text.size()) return;
        write_literal(text[length]);
        text.remove_prefix(length + 1);
    }
}

void Reader::write_marker(std::string_view text) {
    out_ += text;
    if (!text.empty()) behind_marker_ = true;
}

// --- lines --------------------------------------------------------------------------------------

// Text up to a marker or to the end of the file: the rest of the current line, whole lines, which
// have no marker and are passed on as they are, and the beginning of the next marker's line.
void Reader::take_text(std::string_view text) {
    const std::size_t first = text.find('\n');
    if (first == std::string_view::npos) {
        if (!text.empty()) pieces_.push_back({.text = text, .engine = {}});
        return;
    }
    pieces_.push_back({.text = text.substr(0, first + 1), .engine = {}});
    end_line();
    const std::size_t last = text.rfind('\n');
    write_text(text.substr(first + 1, last - first));
    if (last + 1 < text.size()) pieces_.push_back({.text = text.substr(last + 1), .engine = {}});
    line_ += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
    line_begin_ = static_cast<std::size_t>(text.data() - source_.data()) + last + 1;
}

// A line of nothing but markers that print nothing themselves is no line of the output: what its
// markers make is.
void Reader::end_line() {
    const auto is_silent = [](const Piece& piece) {
        return piece.is_marker ? !piece.prints
                               : piece.text.find_first_not_of(" \t\r\n") == piece.text.npos;
    };
    const auto is_marker = [](const Piece& piece) { return piece.is_marker; };
    if (std::ranges::any_of(pieces_, is_marker) && std::ranges::all_of(pieces_, is_silent)) {
        take_line_away();
    } else {
        // An include behind blanks alone is indented, whatever follows it on its line.
        if (pieces_.size() > 1 && pieces_[1].include >= 0 && !pieces_[0].is_marker &&
            pieces_[0].text.find_first_not_of(" \t") == std::string_view::npos)
            program_.markers[static_cast<std::size_t>(pieces_[1].include)].indentation =
                pieces_[0].text;
        for (const Piece& piece : pieces_) {
            if (piece.is_marker)
                write_marker(piece.engine);
            else
                write_text(piece.text);
            if (piece.prints) behind_marker_ = false;
        }
    }
    pieces_.clear();
}

// The blanks in front indent what is included; the line's end follows the last included text, if
// that lacks one, so that the next line does not run on.
void Reader::take_line_away() {
    std::string_view indentation;
    std::string_view line_end;
    if (!pieces_.front().is_marker) indentation = pieces_.front().text;
    if (const Piece& last = pieces_.back(); !last.is_marker) {
        const std::size_t end = last.text.find_first_of("\r\n");
        if (end != std::string_view::npos) line_end = last.text.substr(end);
    }
    std::int64_t last_include = -1;
    for (const Piece& piece : pieces_) {
        write_marker(piece.engine);
        if (piece.include < 0) continue;
        last_include = piece.include;
        program_.markers[static_cast<std::size_t>(piece.include)].indentation = indentation;
    }
    if (last_include >= 0)
        program_.markers[static_cast<std::size_t>(last_include)].line_end = line_end;
}

// --- markers ------------------------------------------------------------------------------------

std::size_t Reader::find_open(std::size_t from) const {
    std::size_t at = source_.find(delimiters_.open, from);
    if (at == std::string_view::npos) return at;
    // In "{{{a}}" the last two braces open, so that JSON's own brace may stand before a marker.
    while (source_.substr(at + 1).starts_with(delimiters_.open)) ++at;
    return at;
}

void Reader::push_marker(std::string engine, bool prints, std::int64_t include) {
    pieces_.push_back({{}, std::move(engine), true, prints, include});
}

std::uint32_t Reader::add_marker(MarkerKind kind, const ParsedMarker& parsed) {
    Marker marker;
    marker.kind = kind;
    marker.subject = parsed.subject;
    marker.optional = parsed.optional;
    marker.file = file_;
    marker.line = line_;
    marker.column = column_;
    marker.path = parsed.path;
    program_.markers.push_back(marker);
    return static_cast<std::uint32_t>(program_.markers.size() - 1);
}

// "\1#V17\2" in the engine's text.
std::string engine_name(char sigil, std::uint32_t marker) {
    const std::string_view prefix(&sigil, sigil == '\0' ? 0 : 1);
    return fmt::format("{}{}{}{}{}", engine_open, prefix, engine_marker, marker, engine_close);
}

void Reader::add_value(ParsedMarker& parsed) {
    const std::uint32_t index = add_marker(MarkerKind::value, parsed);
    Marker& marker = program_.markers[index];
    marker.first_call = static_cast<std::uint32_t>(program_.calls.size());
    marker.call_count = static_cast<std::uint32_t>(parsed.calls.size());
    std::ranges::move(parsed.calls, std::back_inserter(program_.calls));
    push_marker(engine_name('\0', index), true);
}

// The marker of the innermost open section whose separator this is; -1 when it is none.
std::int64_t Reader::separated_section(std::string_view path) const {
    if (!path.ends_with(separator_suffix)) return -1;
    const std::string_view name = path.substr(0, path.size() - separator_suffix.size());
    for (std::size_t i = open_.size(); i-- > 0;) {
        const bool iterates = open_[i].form == Form::section || open_[i].form == Form::each;
        if (iterates && program_.markers[open_[i].marker].path == name) return open_[i].marker;
    }
    return -1;
}

void Reader::open_section(const ParsedMarker& parsed) {
    MarkerKind kind = MarkerKind::section;
    if (parsed.form == Form::each) kind = MarkerKind::each;
    if (parsed.form == Form::inverted) kind = MarkerKind::inverted;
    const std::int64_t separated =
        parsed.form == Form::section ? separated_section(parsed.path) : -1;
    if (separated >= 0) kind = MarkerKind::separator;
    const std::uint32_t index = add_marker(kind, parsed);
    if (separated >= 0) program_.markers[index].target = static_cast<std::uint32_t>(separated);
    if (kind == MarkerKind::inverted) inverted_.insert(parsed.path);
    if (open_.size() == max_nesting) {
        fail(line_, column_, fmt::format("sections are nested deeper than {}", max_nesting));
        stopped_ = true;
    }
    open_.push_back({index, parsed.form});
    push_marker(engine_name('#', index));
}

std::string Reader::closing_marker(const OpenSection& open) const {
    const Marker& marker = program_.markers[open.marker];
    return fmt::format("{}/{}{}{}", delimiters_.open, open.form == Form::each ? "each:" : "",
                       marker.subject == Subject::item ? "." : marker.path, delimiters_.close);
}

void Reader::close_section(const ParsedMarker& parsed) {
    const bool each = parsed.form == Form::close_each;
    const auto closes = [&](const OpenSection& open) {
        const Marker& marker = program_.markers[open.marker];
        return (open.form == Form::each) == each && marker.subject == parsed.subject &&
               marker.path == parsed.path;
    };
    const std::string name = parsed.subject == Subject::item ? "." : text::printable(parsed.path);
    if (std::ranges::none_of(open_, closes)) {
        // The end of a section that was crossed belongs to the error that is already told.
        const auto told = std::ranges::find_if(crossed_, closes);
        if (told != crossed_.end()) {
            crossed_.erase(told);
            return;
        }
    }
    if (open_.empty()) {
        fail(line_, column_,
             fmt::format("'{}/{}{}{}' closes nothing: no section is open", delimiters_.open,
                         each ? "each:" : "", name, delimiters_.close));
        return;
    }
    if (!closes(open_.back())) {
        fail(line_, column_,
             fmt::format("'{}/{}{}{}' stands where '{}' has to close the section opened at {}",
                         delimiters_.open, each ? "each:" : "", name, delimiters_.close,
                         closing_marker(open_.back()),
                         program_.place(program_.markers[open_.back().marker])));
        // One crossing is one error: the sections inside count as closed.
        const auto match = std::find_if(open_.rbegin(), open_.rend(), closes);
        if (match == open_.rend()) return;
        crossed_.insert(crossed_.end(), match.base(), open_.end());
        open_.erase(match.base(), open_.end());
    }
    push_marker(engine_name('/', open_.back().marker));
    open_.pop_back();
}

void Reader::add_include(const ParsedMarker& parsed) {
    const std::uint32_t target = program_.file(parsed.path);
    if (program_.files.size() > max_template_files) {
        fail(line_, column_,
             fmt::format("more than {} files in one rendering", max_template_files));
        stopped_ = true;
    }
    const std::uint32_t index = add_marker(MarkerKind::include, parsed);
    program_.markers[index].target = target;
    push_marker(engine_name('>', index), false, index);
}

void Reader::add(ParsedMarker& parsed) {
    switch (parsed.form) {
    case Form::value: add_value(parsed); break;
    case Form::section:
    case Form::each:
    case Form::inverted: open_section(parsed); break;
    case Form::close:
    case Form::close_each: close_section(parsed); break;
    case Form::include: add_include(parsed); break;
    case Form::comment: push_marker({}); break;
    case Form::delimiters:
        delimiters_ = parsed.delimiters;
        push_marker({});
        break;
    }
}

// Returns where text goes on.
std::size_t Reader::take_marker(std::size_t begin) {
    column_ = static_cast<std::uint32_t>(begin - line_begin_ + 1);
    ParsedMarker parsed = parse_marker(source_, begin + delimiters_.open.size(), delimiters_);
    const bool at_fault = !parsed.fault.empty();
    if (at_fault) fail(line_, column_, std::move(parsed.fault));
    if (program_.markers.size() == max_markers) {
        fail(line_, column_, fmt::format("more than {} markers in one rendering", max_markers));
        stopped_ = true;
        return source_.size();
    }
    // A section that is at fault only behind its name still opens: its end is not to look stray.
    const bool is_section =
        parsed.form == Form::section || parsed.form == Form::each || parsed.form == Form::inverted;
    const bool is_known = !parsed.path.empty() || parsed.subject == Subject::item;
    if (!at_fault || (is_section && is_known)) add(parsed);
    const std::string_view inside = source_.substr(begin, parsed.end - begin);
    if (const std::size_t last = inside.rfind('\n'); last != std::string_view::npos) {
        line_ += static_cast<std::uint32_t>(std::ranges::count(inside, '\n'));
        line_begin_ = begin + last + 1;
    }
    return parsed.end;
}

void Reader::finish() {
    end_line();
    for (const OpenSection& open : open_) {
        const Marker& marker = program_.markers[open.marker];
        fail(marker.line, marker.column,
             fmt::format("section is not closed: '{}' is missing", closing_marker(open)));
    }
    for (std::size_t i = first_marker_; i < program_.markers.size(); ++i) {
        Marker& marker = program_.markers[i];
        marker.has_inverse = inverted_.contains(marker.path);
    }
}

void Reader::read() {
    out_ = fmt::format("{{{{={} {}=}}}}", engine_open, engine_close);
    behind_marker_ = true;
    std::size_t at = 0;
    while (!is_full()) {
        const std::size_t begin = find_open(at);
        take_text(source_.substr(at, begin - at));
        if (begin == std::string_view::npos) break;
        at = take_marker(begin);
    }
    if (!stopped_) finish();
}

}  // namespace

void read_template(Program& program, std::uint32_t file, Errors& errors) {
    Reader(program, file, errors).read();
}

}  // namespace kaigara::provision
