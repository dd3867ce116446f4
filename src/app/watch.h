// SPDX-License-Identifier: Apache-2.0
#pragma once

// `kaigara watch`: the child of `start --watch` that keeps the files up to date while the
// application runs (supervise/watcher.h is PID 1's side of it). Nobody else calls it, so no help
// names it.
//
// It reads the settings anew, from the options and the environment of the start, and follows
//
//     the metadata defaults, file and directory sources, files that _FILE variables name
//                                  by inotify (platform/file_follower.h), else by polling
//     consul, etcd, http, command  by metadata/sources/follower.h
//
// Each news starts a quiet time, which the next news starts anew, five times its length in all at
// most. Then a pass (watch_pass.h) brings the files up to date. The first pass comes as soon as
// every source has answered, without a quiet time: it finds what has changed since the files were
// written by PID 1.

namespace kaigara::app {

bool is_watch(int argc, char** argv) noexcept;

// The exit status: 0 after a signal that stops.
int run_watch(int argc, char** argv, char** environment);

}  // namespace kaigara::app
