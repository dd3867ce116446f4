// SPDX-License-Identifier: Apache-2.0

// What the record of operations costs: reading it, a start that finds everything done, the two
// lines of an operation beside the two fdatasync(2) that they need, and a gigabyte of output on its
// way through kaigara instead of cat(1).

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "figures.h"
#include "plain_process.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr int usual_runs = 40;
constexpr int records = 10'000;
constexpr int operations = 100;
constexpr int syncs_of_an_operation = 2;

// A folder of operations that do nothing.
std::string make_operations(const Plan& plan, const std::string& name, int count,
                            std::string_view annotation) {
    const std::string folder = plan.scratch->folder(name);
    for (int number = 0; number < count; ++number)
        plan.scratch->write(fmt::format("{}/{:05}-nothing", name, number),
                            fmt::format("#!/bin/sh\n{}:\n", annotation), 0755);
    return folder;
}

Words with_ledger(const Plan& plan, Words words, const std::string& folder,
                  const std::string& ledger) {
    return join(std::move(words), {"--operations", folder, "--ledger",
                                   plan.scratch->path() + "/" + ledger, "--log-level", "warn"});
}

Sample sample_of(const PlainRun& run, int rounds) {
    Sample sample;
    for (int round = 0; round < rounds; ++round) sample.add(run_plain_to(0, run).milliseconds);
    return sample;
}

void measure_reading(const Plan& plan, Report& report, int rounds) {
    const std::string folder = make_operations(plan, "many", records, "# kaigara: run=once\n");
    const Words words = with_ledger(plan, {plan.kaigara, "ledger"}, folder, "long.ledger");
    (void)run_plain_to(0, {join(words, {"baseline"}), {}, ""});
    const Sample reading = sample_of({join(words, {"verify"}), {}, ""}, rounds);
    const Sample nothing = sample_of({{plan.kaigara, "version"}, {}, ""}, rounds);
    const double taken = reading.median() - nothing.median();
    report.note(fmt::format("ledger: verify of {} lines, {} runs: median {:.2f} ms (minimum "
                            "{:.2f}); kaigara version {:.2f} ms",
                            records + 1, rounds, reading.median(), reading.minimum(),
                            nothing.median()));
    report.add({"a ledger of 10,000 records, read and checked", fmt::format("{:.1f} ms", taken),
                "-", "-", "<= 15 ms", verdict(true, taken <= 15)});
}

void measure_start(const Plan& plan, Report& report, int rounds) {
    const std::string folder = make_operations(plan, "done", operations, "# kaigara: run=once\n");
    const Words provision = with_ledger(plan, {plan.kaigara, "provision"}, folder, "done.ledger");
    (void)run_plain_to(0, {provision, {}, ""});
    const PlainRun start{join(with_ledger(plan, {plan.kaigara, "start"}, folder, "done.ledger"),
                              {"--", plan.child("child_exit")}),
                         {},
                         ""};
    const PlainRun exec{{plan.kaigara, "exec", plan.child("child_exit")}, {}, ""};
    Sample starts;
    Sample execs;
    for (int round = 0; round < rounds; ++round) {
        starts.add(run_plain_to(0, start).milliseconds);
        execs.add(run_plain_to(0, exec).milliseconds);
    }
    const double over = starts.median() - execs.median();
    report.note(fmt::format("ledger: start with {} operations done {:.2f} ms, exec {:.2f} ms, {} "
                            "runs each",
                            operations, starts.median(), execs.median(), rounds));
    report.add({"a start that finds 100 operations done, over exec", fmt::format("{:.1f} ms", over),
                "-", "-", "<= 10 ms", verdict(true, over <= 10)});
}

// The time of as many lines as a hundred operations need, each on disk before the next.
double sync_milliseconds(const Plan& plan) {
    const std::string path = plan.scratch->path() + "/syncs";
    const Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    const std::string line(250, 'x');
    const std::uint64_t begin = monotonic_nanoseconds();
    for (int i = 0; i < operations * syncs_of_an_operation; ++i) {
        if (::write(file.get(), line.data(), line.size()) < 0 || ::fdatasync(file.get()) != 0)
            give_up_errno("writing lines");
    }
    return static_cast<double>(monotonic_nanoseconds() - begin) / 1e6;
}

void measure_recording(const Plan& plan, Report& report, int rounds) {
    const std::string once = make_operations(plan, "once", operations, "# kaigara: run=once\n");
    const std::string always = make_operations(plan, "always", operations, "");
    const PlainRun recorded{
        with_ledger(plan, {plan.kaigara, "provision"}, once, "new.ledger"), {}, ""};
    const PlainRun plain{
        with_ledger(plan, {plan.kaigara, "provision"}, always, "none.ledger"), {}, ""};
    Sample with_record;
    Sample without;
    Sample syncs;
    for (int round = 0; round < rounds; ++round) {
        ::unlink((plan.scratch->path() + "/new.ledger").c_str());
        with_record.add(run_plain_to(0, recorded).milliseconds);
        without.add(run_plain_to(0, plain).milliseconds);
        syncs.add(sync_milliseconds(plan));
    }
    const double over = (with_record.median() - without.median() - syncs.median()) / operations;
    report.note(fmt::format(
        "ledger: an operation {:.3f} ms recorded, {:.3f} ms unrecorded, two lines with fdatasync "
        "{:.3f} ms; {} runs of {} operations",
        with_record.median() / operations, without.median() / operations,
        syncs.median() / operations, rounds, operations));
    report.add({"a recorded operation, over an unrecorded one and two fdatasync",
                fmt::format("{:.0f} us", over * 1000), "-", "-", "<= 200 us",
                verdict(true, over <= 0.2)});
}

// 1 MiB of lines, which the operation prints 1,024 times. No more, since what we have in memory
// counts for the processes that we start.
void make_gigabyte(const Plan& plan, std::string& folder) {
    constexpr std::size_t size = std::size_t{1024} * 1024;
    std::string lines;
    std::mt19937 random(1);
    lines.reserve(size + 200);
    for (int number = 0; lines.size() < size; ++number)
        lines += fmt::format("line {} {}\n", number, std::string(random() % 120, 'x'));
    const std::string file = plan.scratch->write("lines", lines);
    folder = plan.scratch->folder("loud");
    std::string script = "#!/bin/sh\nexec cat";
    for (int i = 0; i < 1024; ++i) script += " " + file;
    plan.scratch->write("loud/10-loud", script + "\n", 0755);
}

void measure_output(const Plan& plan, Report& report, int rounds) {
    std::string folder;
    make_gigabyte(plan, folder);
    const std::string quiet = " --log-level error";
    // The same three processes both times: who writes, who passes on, who reads.
    const PlainRun ours{{"/bin/sh", "-c",
                         fmt::format("{} provision --operations {}{} | cat >/dev/null",
                                     plan.kaigara, folder, quiet)},
                        {},
                        ""};
    const PlainRun cat{
        {"/bin/sh", "-c", fmt::format("{}/10-loud | cat | cat >/dev/null", folder)}, {}, ""};
    Sample our_times;
    Sample cat_times;
    double megabytes = 0;
    for (int round = 0; round < rounds; ++round) {
        const PlainEnd end = run_plain_to(0, ours);
        our_times.add(end.milliseconds);
        megabytes = std::max(megabytes, end.megabytes);
        cat_times.add(run_plain_to(0, cat).milliseconds);
    }
    const double ratio = cat_times.median() / our_times.median();
    report.note(fmt::format("ledger: 1 GiB of an operation's lines: median {:.0f} ms (minimum "
                            "{:.0f}), cat in its place {:.0f} ms ({:.0f}), {} runs; at most {:.1f} "
                            "MB in memory",
                            our_times.median(), our_times.minimum(), cat_times.median(),
                            cat_times.minimum(), rounds, megabytes));
    report.add(
        {"1 GiB of output with a prefix, beside cat", fmt::format("{:.0f} ms", our_times.median()),
         fmt::format("cat {:.0f} ms", cat_times.median()), fmt::format("{:.2f} x its speed", ratio),
         ">= 0.5 x its speed", verdict(true, ratio >= 0.5)});
    report.add({"1 GiB of output with a prefix, memory", fmt::format("{:.1f} MB", megabytes), "-",
                "-", "flat", "-"});
}

}  // namespace

void measure_ledger(const Plan& plan, Report& report) {
    if (plan.kaigara.empty()) return;
    const int rounds = plan.runs_or(usual_runs);
    measure_reading(plan, report, rounds);
    measure_start(plan, report, rounds);
    measure_recording(plan, report, std::max(3, rounds / 4));
    measure_output(plan, report, std::max(3, rounds / 8));
}

}  // namespace kaigara::bench
