// SPDX-License-Identifier: Apache-2.0
#include "app/init_files.h"

#include <array>

namespace kaigara::app {

namespace {

constexpr std::string_view metadata_yml =
    R"(# Metadata: what the templates and operations of this image are filled with.
#
# From outside a value is set by its path, two underscores a step:
#
#     docker run -e KAIGARA_META_APP__GREETING=Hi my-app
#
app:
  name: my-app
  greeting: Hello
  port: 8080
  # A value that has to come from outside is declared by a null:
  # password: null
)";

constexpr std::string_view kaigara_yml = R"(# How kaigara runs this image. Every key is optional.
# For editors there is a JSON Schema: docs/kaigara.schema.json of kaigara's source.
application:
  # What runs when `docker run` names no program.
  command: [sh, -c, 'cat /etc/my-app/my-app.conf; echo "running; Ctrl-C or docker stop ends it"; exec sleep infinity']
  # Metadata for the application's environment.
  export:
    APP_NAME: app.name

# Further sources of metadata, later ones over earlier ones.
#metadata:
#  - file: /etc/my-app/site.yml
#    optional: true
#  - directory: /run/secrets
#    at: app.secrets
#    secret: true
#    optional: true

# Files besides those of resources/root.
#templates:
#  - source: other.conf
#    target: /etc/my-app/other.conf
#    mode: 0640
#    check: test -s {{target}}
)";

constexpr std::string_view template_text =
    R"({{! resources/root mirrors "/": this becomes /etc/my-app/my-app.conf }}
# written by kaigara at each start
name = {{app.name}}
greeting = {{app.greeting}}
port = {{app.port}}
)";

constexpr std::string_view operation_text = R"(#!/bin/sh
# Operations run at each start, in the order of their names, before the application.
set -eu

name=$(kaigara get app.name)
mkdir -p /var/lib/my-app
echo "$name is ready"
)";

constexpr std::string_view dockerfile = R"(ARG BASE=debian:bookworm-slim
FROM ${BASE}
COPY kaigara /usr/local/bin/kaigara
COPY kaigara.yml metadata.yml /opt/provision/
COPY resources /opt/provision/resources
COPY operations /opt/provision/operations
# What is misspelt is found here, not at the first start.
RUN ["kaigara", "check"]
ENTRYPOINT ["kaigara", "start"]
)";

constexpr std::array<InitFile, 5> files = {{
    {"metadata.yml", 0644, metadata_yml},
    {"kaigara.yml", 0644, kaigara_yml},
    {"resources/root/etc/my-app/my-app.conf.tmpl", 0644, template_text},
    {"operations/10-prepare", 0755, operation_text},
    {"Dockerfile", 0644, dockerfile},
}};

}  // namespace

std::span<const InitFile> init_files() noexcept { return files; }

}  // namespace kaigara::app
