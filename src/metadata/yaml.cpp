// SPDX-License-Identifier: Apache-2.0
#include "metadata/yaml.h"

#include <algorithm>
#include <array>
#include <istream>
#include <optional>
#include <streambuf>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"
#include "metadata/document.h"
#include "metadata/yaml_source.h"

namespace kaigara::metadata {

namespace {

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

// Thrown through the parser, which has no other way to be stopped; never leaves this file.
struct Stop {};

// The parser reads from a stream; this one reads the text where it lies.
class TextBuffer : public std::streambuf {
public:
    explicit TextBuffer(std::string_view text) {
        // The get area is char* by history; nothing writes to it.
        char* begin = const_cast<char*>(text.data());
        setg(begin, begin, begin + text.size());
    }
};

// The parser makes single bytes of the escapes \N (U+0085) and \_ (U+00A0). All else in a text that
// was UTF-8 is whole, so every byte that is not is one of these two.
std::string with_whole_characters(std::string_view text) {
    std::string out;
    while (const auto bad = text::invalid_utf8(text)) {
        out += text.substr(0, *bad);
        out += '\xC2';
        out += text[*bad];
        text.remove_prefix(*bad + 1);
    }
    out += text;
    return text::valid_utf8(out);
}

struct Explanation {
    std::string_view theirs;
    std::string_view ours;
};

// What yaml-cpp's messages mean to the person who wrote the file.
constexpr std::array explanations{
    Explanation{"illegal map value",
                "a ':' where no value can begin (does the line before lack its "
                "':', or does a text with ': ' in it need quotes?)"},
    Explanation{"end of map not found", "this does not belong to the map above it (is the "
                                        "indentation right?)"},
    Explanation{"end of sequence not found", "this does not belong to the list above it (is the "
                                             "indentation right?)"},
    Explanation{"end of sequence flow not found", "the list lacks its ']' or a ','"},
    Explanation{"end of map flow not found", "the map lacks its '}' or a ','"},
    Explanation{"illegal flow end", "a ']' or '}' that closes nothing"},
    Explanation{"illegal block entry", "a list cannot begin here (put it on a line of its own)"},
    Explanation{"illegal EOF in scalar", "a quoted text is not closed"},
    Explanation{"illegal document indicator in scalar",
                "a document marker inside a quoted text (is "
                "the text closed?)"},
    Explanation{"bad file", "nesting past what can be read"},
    Explanation{"unknown token", "a text cannot begin with this character unless it is quoted"},
    Explanation{"illegal tab when looking for indentation", "a tab in the indentation; use spaces"},
    Explanation{"the referenced anchor is not defined: ",
                "an alias of an anchor that does not exist: "},
};

std::string explain(std::string_view theirs) {
    for (const Explanation& each : explanations) {
        if (theirs == each.theirs) return std::string(each.ours);
        if (each.theirs.ends_with(' ') && theirs.starts_with(each.theirs))
            return fmt::format("{}{}", each.ours,
                               text::printable(theirs.substr(each.theirs.size())));
    }
    return text::printable(theirs);
}

class Handler : public YAML::EventHandler {
public:
    Handler(std::string_view text, std::uint32_t source, std::string_view name, Root root)
        : text_(text), places_(text), builder_(source, name, root),
          stray_directives_(yaml_source::find_stray_directives(text)) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ == 1) return;
        const bool marked = text_.substr(offset(mark), 3) == "---";
        // A directive ends a document, too; finish() reports it.
        if (!marked && !stray_directives_.empty()) throw Stop();
        fail(mark, marked ? "a second document begins here; one file holds one"
                          : "the document has ended before this (is the indentation right?)");
        throw Stop();
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (skipped_ > 0) return;
        if (builder_.wants_key()) return refuse_key(mark, "null; put it in quotes if it is a name");
        Position at = place_of(mark);
        if (builder_.wants_value()) {
            // An empty value is marked where the next token is; its key says more. Where the mark
            // is the key's own there was no colon: the parser accepts that at the end of a file.
            at = builder_.key_position();
            if (!open_.back().flow && offset(mark) == key_offset_)
                must(builder_.fail(at, fmt::format("no ':' behind the key{}", builder_.here(" "))));
        } else if (!open_.empty() && open_.back().flow && text_.substr(offset(mark), 1) == ",") {
            fail(mark, fmt::format("nothing in front of this ','{}", builder_.here(", in ")));
        }
        must(builder_.leaf(at, Value::null(), anchor));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (skipped_ > 0) return;
        if (builder_.wants_key()) return refuse_key(mark, "an alias");
        check_indentation(mark);
        must(builder_.alias(place_of(mark), anchor));
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        last_scalar_ = offset(mark);
        if (!stray_directives_.empty()) forgive_directives();
        if (skipped_ > 0) return;
        if (tag != "?" && text::invalid_utf8(value))
            return OnScalar(mark, tag, anchor, with_whole_characters(value));
        if (value.find('\0') != std::string::npos)
            fail(mark, fmt::format("a NUL character{}", builder_.here(", in ")));
        if (builder_.wants_key()) return on_key(mark, tag, anchor, value);
        check_indentation(mark);
        must(builder_.leaf(place_of(mark), typed(mark, tag, value), anchor));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        if (open(mark, tag, "seq", "a list", style))
            must(builder_.begin_list(place_of(mark), anchor));
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        if (open(mark, tag, "map", "a map", style))
            must(builder_.begin_map(place_of(mark), anchor));
    }
    void OnMapEnd() override { close(); }

    void fail(const YAML::Mark& mark, std::string message) {
        must(builder_.fail(place_of(mark), std::move(message)));
    }

    // The parser takes a quoted scalar that the file's end cuts off for a whole one.
    bool fail_if_last_scalar_is_open() {
        if (!last_scalar_) return false;
        const auto quoted = yaml_source::find_quoted(text_, *last_scalar_);
        if (!quoted || quoted->end != std::string_view::npos) return false;
        fail_unclosed(quoted->begin);
        return true;
    }

    void fail_from_parser(const YAML::Exception& error) {
        if (fail_if_last_scalar_is_open()) return;
        // The parser's own end of file is a character too, which a backslash may escape.
        if (error.msg == "illegal EOF in scalar" || error.msg.ends_with('\x04')) {
            if (const auto quote = yaml_source::find_open_quote(text_, last_scalar_.value_or(0)))
                return fail_unclosed(*quote);
        }
        const bool tab =
            !error.mark.is_null() && yaml_source::is_tab_indented(text_, offset(error.mark));
        const std::string message =
            tab ? "a tab in the indentation; use spaces" : explain(error.msg);
        (void)builder_.fail(place_of(error.mark), message + builder_.here(", in "));
    }

    Result<Value, Errors> finish() {
        for (const std::size_t at : stray_directives_) {
            (void)builder_.fail(position_at(text_, at),
                                "a line that begins with '%', which makes it a directive; put the "
                                "text in quotes or indent it");
        }
        return std::move(builder_).finish();
    }

private:
    // A map or list whose end has not come.
    struct Open {
        bool flow;
        int column;  // where its keys begin, if it is a map
    };

    static void must(bool go_on) {
        if (!go_on) throw Stop();
    }

    Position place_of(const YAML::Mark& mark) {
        if (mark.is_null()) return {};
        return places_.of(offset(mark), static_cast<std::size_t>(mark.line),
                          static_cast<std::size_t>(mark.column));
    }

    static std::size_t offset(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.pos); }

    // Within a quoted text a line may begin as it likes.
    void forgive_directives() {
        const auto quoted = yaml_source::find_quoted(text_, *last_scalar_);
        if (!quoted) return;
        std::erase_if(stray_directives_,
                      [&quoted](std::size_t at) { return quoted->begin < at && at < quoted->end; });
    }

    void fail_unclosed(std::size_t at) {
        (void)builder_.fail(
            position_at(text_, at),
            fmt::format("a quoted text that is never closed{}", builder_.here(", in ")));
    }

    void refuse_key(const YAML::Mark& mark, std::string_view what) {
        fail(mark, fmt::format("a key has to be text, this is {}{}", what, builder_.here(", in ")));
        builder_.no_key(place_of(mark));
    }

    void on_key(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) {
        key_offset_ = offset(mark);
        key_line_ = mark.line;
        open_.back().column = std::min(open_.back().column, mark.column);
        if (tag == "?" && value == "<<") {
            fail(mark, fmt::format("the merge key '<<' is not supported; write the keys out, or "
                                   "merge two files{}",
                                   builder_.here(", in ")));
            return builder_.no_key(place_of(mark));
        }
        (void)typed(mark, tag, value);
        must(builder_.key(place_of(mark), value, anchor));
    }

    // On a line of its own a value has to be further in than its key. The parser does not mind
    // where the value is quoted or a comment follows, and a line that lacks its colon would pass
    // for it.
    void check_indentation(const YAML::Mark& mark) {
        if (!builder_.wants_value() || open_.back().flow || mark.line == key_line_) return;
        if (mark.column > open_.back().column) return;
        fail(mark, fmt::format("no ':' behind this, or it is the value{} and has to be indented",
                               builder_.here(" of ")));
    }

    // The scalar that a tag makes of a text, with an error where they do not go together.
    Value typed(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
        if (tag == "?") return Value::plain(value);
        if (tag == "!") return Value::quoted(value);
        const std::string_view name = std::string_view(tag).starts_with(core_tag)
                                          ? std::string_view(tag).substr(core_tag.size())
                                          : std::string_view();
        const ScalarType type = core_schema_type(value);
        if (name == "str") return Value::quoted(value);
        if (name == "null" && type == ScalarType::null) return Value::null();
        if ((name == "bool" && type == ScalarType::boolean) ||
            (name == "int" && type == ScalarType::integer) ||
            (name == "float" && (type == ScalarType::floating || type == ScalarType::integer)))
            return Value::plain(value);
        if (name == "null" || name == "bool" || name == "int" || name == "float")
            fail(mark, fmt::format("this is no !!{}{}", name, builder_.here(", in ")));
        else
            fail_tag(mark, tag, "a scalar");
        return Value::quoted(value);
    }

    void fail_tag(const YAML::Mark& mark, std::string_view tag, std::string_view what) {
        const bool core = tag.starts_with(core_tag);
        if (core) tag.remove_prefix(core_tag.size());
        fail(mark, fmt::format("unknown tag '{}{}' on {}{}", core ? "!!" : "", text::printable(tag),
                               what, builder_.here(", in ")));
    }

    // False where a key would be a map or list: all of it is skipped, and refused when it ends. An
    // unclosed one the parser takes for a key by mistake, and it fails before that.
    bool open(const YAML::Mark& mark, const std::string& tag, std::string_view own_tag,
              std::string_view what, YAML::EmitterStyle::value style) {
        if (skipped_ > 0 || builder_.wants_key()) {
            if (skipped_++ > 0) return false;
            skipped_mark_ = mark;
            skipped_what_ = what;
            return false;
        }
        const bool own = std::string_view(tag).starts_with(core_tag) &&
                         std::string_view(tag).substr(core_tag.size()) == own_tag;
        if (tag != "?" && tag != "!" && !own) fail_tag(mark, tag, what);
        open_.push_back({style == YAML::EmitterStyle::Flow, mark.column});
        return true;
    }

    void close() {
        if (skipped_ > 0) {
            if (--skipped_ == 0) refuse_key(skipped_mark_, skipped_what_);
            return;
        }
        open_.pop_back();
        must(builder_.end());
    }

    std::string_view text_;
    yaml_source::Places places_;
    DocumentBuilder builder_;
    std::vector<std::size_t> stray_directives_;
    int documents_ = 0;
    std::size_t skipped_ = 0;  // open maps and lists of a key that is to be refused
    YAML::Mark skipped_mark_;
    std::string_view skipped_what_;
    std::size_t key_offset_ = 0;
    std::optional<std::size_t> last_scalar_;
    int key_line_ = 0;
    std::vector<Open> open_;
};

}  // namespace

Result<Value, Errors> read_yaml(std::string_view text, std::uint32_t source, std::string_view name,
                                Root root) {
    const auto checked = checked_text(text, name, Controls::refused);
    if (!checked) return Errors{checked.error()};
    Handler handler(*checked, source, name, root);
    try {
        TextBuffer buffer(*checked);
        std::istream stream(&buffer);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(handler)) continue;
        (void)handler.fail_if_last_scalar_is_open();
    } catch (const Stop&) {
        return handler.finish();  // the reason is among its errors
    } catch (const YAML::Exception& error) {
        handler.fail_from_parser(error);
    } catch (const std::exception& error) {
        return Errors{{Fault::internal, 0, fmt::format("the YAML parser failed: {}", error.what()),
                       std::string(name)}};
    }
    return handler.finish();
}

}  // namespace kaigara::metadata
