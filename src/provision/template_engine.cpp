// SPDX-License-Identifier: Apache-2.0
#include "provision/template_engine.h"

#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include <ctemplate/per_expand_data.h>
#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary_interface.h>
#include <ctemplate/template_emitter.h>
#include <ctemplate/template_enums.h>

namespace kaigara::provision {

namespace {

// Takes the engine's output.
class Emitter final : public ctemplate::ExpandEmitter {
public:
    explicit Emitter(TemplateOutput& output) : output_(output) {}

    void Emit(char c) override { output_.append({&c, 1}); }
    void Emit(const std::string& text) override { output_.append(text); }
    void Emit(const char* text) override { output_.append(text); }
    void Emit(const char* text, std::size_t size) override { output_.append({text, size}); }

private:
    TemplateOutput& output_;
};

// The engine's view of the Renderer. One object serves every level: which item names are looked up
// in is the Renderer's state, moved by the iterators.
class Dictionary final : public ctemplate::TemplateDictionaryInterface {
public:
    Dictionary(const Program& program, Renderer& renderer)
        : program_(program), renderer_(renderer) {}

protected:
    ctemplate::TemplateString GetValue(const ctemplate::TemplateString& name) const override {
        if (*name.data() == engine_literal) {
            literal_ = static_cast<char>(number(name));
            return {&literal_, 1};
        }
        const std::string_view text = renderer_.value(number(name));
        return {text.data(), text.size()};
    }

    bool IsHiddenSection(const ctemplate::TemplateString& name) const override {
        return !renderer_.shows(number(name));
    }
    bool IsUnhiddenSection(const ctemplate::TemplateString& name) const override {
        return renderer_.shows(number(name));
    }
    Iterator* CreateSectionIterator(const ctemplate::TemplateString& name) const override {
        return new Rounds(*this, number(name));
    }

    bool IsHiddenTemplate(const ctemplate::TemplateString& name) const override {
        return !renderer_.begin_include(number(name));
    }
    Iterator* CreateTemplateIterator(const ctemplate::TemplateString&) const override {
        return new Inclusion(*this);
    }
    const char* GetIncludeTemplateName(const ctemplate::TemplateString& name,
                                       int /*dictionary*/) const override {
        return program_.files[program_.markers[number(name)].target].engine_key.c_str();
    }

    void DumpToString(std::string* /*out*/, int /*level*/) const override {}

private:
    // The items of a section. The engine asks once more than there are items, and destroys it when
    // the section is over.
    class Rounds final : public Iterator {
    public:
        Rounds(const Dictionary& dictionary, std::uint32_t marker) : dictionary_(dictionary) {
            dictionary_.renderer_.begin_section(marker);
        }
        ~Rounds() override { dictionary_.renderer_.end_section(); }
        Rounds(const Rounds&) = delete;
        Rounds& operator=(const Rounds&) = delete;

        bool HasNext() const override { return dictionary_.renderer_.has_round(); }
        const TemplateDictionaryInterface& Next() override {
            dictionary_.renderer_.next_round();
            return dictionary_;
        }

    private:
        const Dictionary& dictionary_;
    };

    // One inclusion of a file.
    class Inclusion final : public Iterator {
    public:
        explicit Inclusion(const Dictionary& dictionary) : dictionary_(dictionary) {}
        ~Inclusion() override { dictionary_.renderer_.end_include(); }
        Inclusion(const Inclusion&) = delete;
        Inclusion& operator=(const Inclusion&) = delete;

        bool HasNext() const override { return !done_; }
        const TemplateDictionaryInterface& Next() override {
            done_ = true;
            return dictionary_;
        }

    private:
        const Dictionary& dictionary_;
        bool done_ = false;
    };

    // The digits behind the first letter of a name.
    static std::uint32_t number(const ctemplate::TemplateString& name) {
        std::uint32_t number = 0;
        for (const char* at = name.data() + 1; at != name.data() + name.size(); ++at)
            number = number * 10 + static_cast<std::uint32_t>(*at - '0');
        return number;
    }

    const Program& program_;
    Renderer& renderer_;
    mutable char literal_ = '\0';
};

Error broken(std::string message) { return Error{Fault::internal, 0, std::move(message), {}}; }

Result<void> walk(const Program& program, Renderer& renderer) {
    ctemplate::TemplateCache cache;
    for (const TemplateFile& file : program.files) {
        if (!cache.StringToTemplateCache(file.engine_key, file.engine_text.data(),
                                         file.engine_text.size(), ctemplate::DO_NOT_STRIP))
            return broken("the template engine refuses its own text of " + file.name);
    }
    cache.Freeze();
    Dictionary dictionary(program, renderer);
    Emitter emitter(renderer.output());
    ctemplate::PerExpandData data;
    if (!cache.ExpandNoLoad(program.files.front().engine_key, ctemplate::DO_NOT_STRIP, &dictionary,
                            &data, &emitter))
        return broken("the template engine gave up on " + program.files.front().name);
    return {};
}

}  // namespace

Result<void> run_engine(const Program& program, Renderer& renderer) {
    try {
        return walk(program, renderer);
    } catch (const std::exception& thrown) {
        return broken("the template engine gave up on " + program.files.front().name + ": " +
                      thrown.what());
    }
}

}  // namespace kaigara::provision
