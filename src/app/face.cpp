// SPDX-License-Identifier: Apache-2.0
#include "app/face.h"

#include "app/catatonit.h"
#include "app/dumb_init.h"
#include "app/face_parts.h"
#include "app/tini.h"

namespace kaigara::app {

Face find_face(std::string_view argv0) {
    const std::string_view name = last_part(argv0);
    if (name == "tini" || name == "tini-static" || name == "docker-init") return run_tini;
    if (name == "dumb-init") return run_dumb_init;
    // podman run --init mounts what --init-path names as /run/podman-init.
    if (name == "catatonit" || name == "podman-init") return run_catatonit;
    return nullptr;
}

}  // namespace kaigara::app
