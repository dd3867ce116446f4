// SPDX-License-Identifier: Apache-2.0
#pragma once

// A program under observation: started in a PID namespace of its own, as PID 1 or not, with exactly
// the descriptors, signals, environment and rights that a test says, and watched to its end.
//
//     Program app({.words = exec_actor({"log-signals", "15", "exit", "3"})});
//     app.wait_for("ready");
//     app.send(SIGTERM);
//     CHECK(app.wait() == "exit 3");
//
// Nothing here sleeps: each wait is for a descriptor (a pipe, a terminal, a pidfd, the guardian's
// socket) and has a deadline, after which it throws with all that the program wrote. What has no
// event, a fact in /proc, is asked again between two looks at the descriptors: eventually().
//
//   Place::first    the program is PID 1 and leads its session, as a runtime starts it
//   Place::later    PID 1 is a guardian, a piece of the test; the program is its only child
//   Place::job      the same, and the guardian is what a shell with job control is: it has the
//                   terminal, gives it to the program's group, and takes it back when that stops
//
// A Program owns the namespace: when it goes, all that is left in there is killed by the kernel,
// with PID 1. Nothing else is ever killed.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace kaigara::test {

enum class Place { first, later, job };

enum class Input { null, closed, pipe };

// full: a pipe without room for one more byte, that nobody reads until read_on().
enum class Output { captured, full, closed };

struct Setup {
    // What is executed, found without PATH, unless `file` names it and this is only its argv.
    std::vector<std::string> words{};
    std::string file{};
    Place place = Place::first;
    // All three on a terminal that controls the session; what is written there is output().
    bool terminal = false;
    Input input = Input::null;
    Output output = Output::captured;
    Output errors = Output::captured;
    // NAME=value; a usual PATH where none is said. Nothing is inherited from the test's own.
    std::vector<std::string> environment{};
    std::string directory = "/";
    std::vector<int> blocked{};
    std::vector<int> ignored{};
    // Numbers at which /dev/null is open, without close-on-exec.
    std::vector<int> descriptors{};
    // In the program's mount namespace the first is seen at the second.
    std::vector<std::pair<std::string, std::string>> binds{};
    mode_t umask = 022;
    // How many processes there may be, PID 1 included; 0 for any number. See limits_work().
    int process_limit = 0;
    // Its leaks are not looked for: the leak checker cannot work under a tracer.
    bool traced = false;
};

class Program {
public:
    // Returns once the program has been executed; throws when it could not be.
    explicit Program(Setup setup);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // As the test sees it, outside the namespace: for /proc.
    pid_t pid() const noexcept;

    void send(int signal) const;
    // Types on the terminal, or writes to the input pipe.
    void type(std::string_view text);
    void close_input();
    // The terminal's other side goes away, as when a connection is lost.
    void hang_up();
    void resize(unsigned short columns, unsigned short rows);
    // Reads from pipes that were full from now on.
    void read_on();

    // Each searches behind what the last one found, so that they tell an order.
    void wait_for(std::string_view text);
    void wait_for_error(std::string_view text);
    // "exit N" or "signal N", and the rest of the output.
    std::string wait();
    // True when it has not ended and does not end until the given time has passed: the one wait
    // that is for nothing to happen.
    bool stays(std::chrono::milliseconds time);

    // Place::job: until the program has stopped, "stopped N"; and the shell's `fg` and `bg`.
    std::string wait_for_stop();
    void foreground();
    void background();
    // Place::job: the guardian has the terminal.
    bool terminal_is_back() const;

    // What was written so far, or until the end after wait().
    const std::string& output() const noexcept;
    const std::string& errors() const noexcept;

    // Asks until it is so, reading the program's output in between; throws at the deadline.
    void eventually(std::string_view what, const std::function<bool()>& is_so);

private:
    void end_namespace() noexcept;

    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace kaigara::test
