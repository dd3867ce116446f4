// SPDX-License-Identifier: Apache-2.0
#pragma once

// The descriptors that the container's runtime or a shell left open for us.

namespace kaigara::platform {

// Where 0, 1 or 2 is closed, puts a placeholder there that cannot be read or written: otherwise the
// next thing that kaigara opens would become the stdio of its children. It is close-on-exec, so the
// application finds the descriptor closed, as it was. To be called before anything is opened.
void occupy_closed_stdio() noexcept;

// Closes all from 3 on that are not close-on-exec: since everything of ours is (law 6), these are
// exactly the inherited ones. They have reached the application by then; keeping them open here
// would pin files, mounts and the other ends of pipes for as long as kaigara runs. Whether there
// was one.
bool close_inherited_descriptors() noexcept;

}  // namespace kaigara::platform
