// SPDX-License-Identifier: Apache-2.0

// A metadata.yml of 10,000 leaves and a template that prints each of them, as whole processes:
// `kaigara render` beside what other people would run for it. jinja2 and erb read the same YAML;
// envsubst reads no YAML and gets its values as environment variables, under the names that
// `kaigara metadata --format env` gives them. A value out of a snapshot,
// as an operation asks for it, and metadata that is refused, are measured beside /bin/true.

#include <algorithm>

#include <fmt/format.h>

#include "figures.h"
#include "plain_process.h"
#include "sample.h"

namespace kaigara::bench {

namespace {

constexpr int usual_runs = 40;
constexpr int groups = 100;
constexpr int keys = 100;
constexpr int bad_data = 65;

struct Tool {
    std::string name;
    PlainRun run;
    double target = 0;  // kaigara is to be so much faster
    Sample times{};
    double most_megabytes = 0;
};

// The text for each of the 10,000 leaves, one behind the other.
template <class Write>
std::string for_each_leaf(Write write) {
    std::string text;
    for (int group = 0; group < groups; ++group) {
        for (int key = 0; key < keys; ++key) text += write(group, key);
    }
    return text;
}

std::string leaves_in_yaml() {
    return for_each_leaf([](int group, int key) {
        return fmt::format("{}  key{}: value-{}-{}\n",
                           key == 0 ? fmt::format("group{}:\n", group) : "", key, group, key);
    });
}

PlainRun our_run(const Plan& plan) {
    plan.scratch->write("leaves.yml", leaves_in_yaml());
    const std::string source = plan.scratch->write(
        "leaves.tmpl", for_each_leaf([](int group, int key) {
            return fmt::format("setting_{0}_{1} = {{{{group{0}.key{1}}}}}\n", group, key);
        }));
    return {{plan.kaigara, "render", source, "--metadata", plan.scratch->path() + "/leaves.yml"},
            {},
            ""};
}

PlainRun jinja_run(const Plan& plan) {
    plan.scratch->write("leaves.j2", for_each_leaf([](int group, int key) {
                            return fmt::format("setting_{0}_{1} = {{{{group{0}.key{1}}}}}\n", group,
                                               key);
                        }));
    const std::string program = plan.scratch->write(
        "render.py",
        fmt::format("import sys, yaml, jinja2\n"
                    "values = yaml.load(open('{0}/leaves.yml'), Loader=yaml.CSafeLoader)\n"
                    "text = open('{0}/leaves.j2').read()\n"
                    "sys.stdout.write(jinja2.Environment("
                    "undefined=jinja2.StrictUndefined).from_string(text).render(values))\n",
                    plan.scratch->path()));
    return {{find_program("python3"), program}, {}, ""};
}

// erb(1) is what a script would call.
PlainRun erb_run(const Plan& plan) {
    const std::string load = fmt::format(
        "<% require 'yaml'; m = YAML.load_file('{}/leaves.yml') %>\n", plan.scratch->path());
    const std::string source = plan.scratch->write(
        "leaves.erb", load + for_each_leaf([](int group, int key) {
                          return fmt::format("setting_{0}_{1} = <%= m['group{0}']['key{1}'] %>\n",
                                             group, key);
                      }));
    return {{find_program("erb"), source}, {}, ""};
}

PlainRun envsubst_run(const Plan& plan) {
    PlainRun run{{find_program("envsubst")}, {}, ""};
    run.input = plan.scratch->write("leaves.env", for_each_leaf([](int group, int key) {
                                        return fmt::format(
                                            "setting_{0}_{1} = ${{GROUP{0}_KEY{1}}}\n", group, key);
                                    }));
    for (int group = 0; group < groups; ++group) {
        for (int key = 0; key < keys; ++key)
            run.environment.push_back(fmt::format("GROUP{0}_KEY{1}=value-{0}-{1}", group, key));
    }
    return run;
}

// Those that are installed, and can do it: a python3 without jinja2 cannot.
std::vector<Tool> tools(const Plan& plan) {
    std::vector<Tool> all{{"kaigara", our_run(plan)}};
    std::vector<Tool> peers{{"jinja2", jinja_run(plan), 15},
                            {"erb", erb_run(plan), 6},
                            {"envsubst", envsubst_run(plan), 2}};
    for (Tool& peer : peers) {
        const bool works = !peer.run.words.front().empty() && run_plain(peer.run).status == 0;
        if (works && plan.peers) all.push_back(std::move(peer));
    }
    return all;
}

void take_turns(std::vector<Tool>& all, int rounds, int exit_status_of_ours) {
    std::mt19937 random(1);
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t index : shuffled(all.size(), random)) {
            const PlainEnd end = run_plain_to(index == 0 ? exit_status_of_ours : 0, all[index].run);
            all[index].times.add(end.milliseconds);
            all[index].most_megabytes = std::max(all[index].most_megabytes, end.megabytes);
        }
    }
}

void add_notes(Report& report, std::string_view figure, const std::vector<Tool>& all, int rounds) {
    for (const Tool& tool : all) {
        report.note(fmt::format(
            "{}: {}, {} runs: median {:.2f} ms (minimum {:.2f}), at most {:.1f} MB", figure,
            tool.name, rounds, tool.times.median(), tool.times.minimum(), tool.most_megabytes));
    }
}

void measure_templates(const Plan& plan, Report& report, int rounds) {
    std::vector<Tool> all = tools(plan);
    take_turns(all, rounds, 0);
    add_notes(report, "render", all, rounds);
    const Tool& own = all.front();
    for (std::size_t i = 1; i < all.size(); ++i) {
        const double ratio = all[i].times.median() / own.times.median();
        report.add({fmt::format("render of 10,000 values, beside {}", all[i].name),
                    fmt::format("{:.1f} ms", own.times.median()),
                    fmt::format("{} {:.1f} ms", all[i].name, all[i].times.median()),
                    fmt::format("{:.1f} x faster", ratio),
                    fmt::format(">= {:.0f} x faster", all[i].target),
                    verdict(true, ratio >= all[i].target)});
    }
    report.add({"render of 10,000 values, memory", fmt::format("{:.1f} MB", own.most_megabytes),
                "-", "-", "<= 40 MB", verdict(true, own.most_megabytes <= 40)});
}

// The snapshot of an operation, in a file: KAIGARA_SNAPSHOT may name one.
std::string make_snapshot(const Plan& plan) {
    const std::string path = plan.scratch->path() + "/snapshot";
    const std::string folder = plan.scratch->folder("snapshot-operations");
    plan.scratch->write("snapshot-operations/10-copy",
                        "#!/bin/sh\nexec cat \"$KAIGARA_SNAPSHOT\" >'" + path + "'\n", 0755);
    (void)run_plain_to(0, {{plan.kaigara, "provision", "--operations", folder, "--metadata",
                            plan.scratch->path() + "/leaves.yml"},
                           {},
                           ""});
    return path;
}

void measure_get(const Plan& plan, Report& report, int rounds) {
    std::vector<Tool> all{
        {"kaigara get",
         {{plan.kaigara, "get", "group50.key50"}, {"KAIGARA_SNAPSHOT=" + make_snapshot(plan)}, ""}},
        {"/bin/true", {{"/bin/true"}, {}, ""}}};
    take_turns(all, rounds, 0);
    add_notes(report, "get", all, rounds);
    const double over = all[0].times.median() - all[1].times.median();
    report.add({"get from a snapshot of 10,000 leaves", fmt::format("{:.2f} ms", over),
                fmt::format("/bin/true {:.2f} ms", all[1].times.median()), "-",
                "<= 3 ms over /bin/true", verdict(true, over <= 3)});
}

struct Refusal {
    const char* name;
    std::string text;
    double most_milliseconds;
    double most_megabytes;
};

std::string too_many_nodes() {
    std::string text = "list: [0";
    for (int node = 0; node < 100'000; ++node) text += ",0";
    return text + "]\n";
}

// Nine lists, each of nine aliases of the one before: 9^9 values out of some 400 bytes.
std::string alias_bomb() {
    std::string text = "a: &a [x,x,x,x,x,x,x,x,x]\n";
    for (char name = 'b'; name <= 'i'; ++name) {
        text += fmt::format("{0}: &{0} [", name);
        for (int time = 0; time < 9; ++time)
            text += fmt::format("{}*{}", time == 0 ? "" : ",", static_cast<char>(name - 1));
        text += "]\n";
    }
    return text;
}

void measure_refusals(const Plan& plan, Report& report, int rounds) {
    for (const Refusal& refusal : {Refusal{"100,000 nodes refused", too_many_nodes(), 1'000, 200},
                                   Refusal{"alias bomb refused", alias_bomb(), 50, 200}}) {
        const std::string path = plan.scratch->write("refused.yml", refusal.text);
        std::vector<Tool> all{
            {refusal.name, {{plan.kaigara, "metadata", "--metadata", path}, {}, ""}}};
        take_turns(all, rounds, bad_data);
        add_notes(report, fmt::format("refusal, {} bytes", refusal.text.size()), all, rounds);
        const double time = all[0].times.median();
        const double memory = all[0].most_megabytes;
        report.add(
            {refusal.name, fmt::format("{:.1f} ms, {:.1f} MB", time, memory), "-", "-",
             fmt::format("< {:.0f} ms, < {:.0f} MB", refusal.most_milliseconds,
                         refusal.most_megabytes),
             verdict(true, time < refusal.most_milliseconds && memory < refusal.most_megabytes)});
    }
}

}  // namespace

void measure_render(const Plan& plan, Report& report) {
    if (plan.kaigara.empty()) return;
    const int rounds = plan.runs_or(usual_runs);
    measure_templates(plan, report, rounds);
    measure_get(plan, report, rounds * 10);
    measure_refusals(plan, report, rounds);
}

}  // namespace kaigara::bench
