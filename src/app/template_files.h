// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which file a template's name means.

#include <optional>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/result.h"

namespace kaigara::app {

struct TemplateSource {
    std::string path;  // as messages show it
    std::string text;
};

// A resources directory that the user named and that is none: Fault::configuration. The default one
// may be absent.
std::optional<Error> check_resources(const Settings& settings);

class TemplateFiles {
public:
    explicit TemplateFiles(std::string resources) : resources_(std::move(resources)) {}

    // What `kaigara render NAME` renders: NAME or NAME.tmpl in the resources directory, or else the
    // file at the path NAME. Fault::configuration when there is none of them.
    Result<TemplateSource> find(const std::string& name) const;

    // What {{>NAME}} includes: NAME or NAME.tmpl in the resources directory and nothing outside of
    // it, since a template may come from elsewhere than the image.
    Result<std::string> include(std::string_view name) const;

private:
    Result<TemplateSource> find_in_resources(const std::string& name) const;

    std::string resources_;
};

}  // namespace kaigara::app
