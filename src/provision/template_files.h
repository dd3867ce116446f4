// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which file a template's name means.

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "provision/template.h"

namespace kaigara::provision {

struct TemplateSource {
    std::string path;  // as messages show it
    std::string text;
};

class TemplateFiles {
public:
    explicit TemplateFiles(std::string resources) : resources_(std::move(resources)) {}

    // What `kaigara render NAME` renders: NAME or NAME.tmpl in the resources directory, or else the
    // file at the path NAME. Fault::configuration when there is none of them.
    Result<TemplateSource> find(const std::string& name) const;

    // What {{>NAME}} includes: NAME or NAME.tmpl in the resources directory and nothing outside of
    // it, since a template may come from elsewhere than the image.
    Result<std::string> include(std::string_view name) const;

    // What the modifier `file` reads: an absolute path, or one in the resources directory. A file
    // that not everybody may read makes the text secret.
    Result<FileText> read(const std::string& path) const;

    // Has `options` note the real path of each file that is included.
    void note_includes(TemplateOptions& options, std::set<std::string>& included) const;

    // Options that include and read these files; the object outlives them.
    TemplateOptions options() const;

private:
    Result<TemplateSource> find_in_resources(const std::string& name) const;

    std::string resources_;
};

}  // namespace kaigara::provision
