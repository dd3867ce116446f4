// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

#include <fmt/format.h>
#include <unistd.h>

namespace kaigara::bench {

namespace {

constexpr std::string_view usage =
    R"(usage: bench [FIGURE]... [OPTION]...

Figures: size start instructions idle orphans forward burst stop stage3 operations
         render ledger
(all of them when none is named). Prints a table in Markdown and the details below it.

  --kaigara PATH           the binary to measure; else KAIGARA_BINARY; else only the peers
  --init [NAME=]PATH[,ARG]...
                           a further init to compare; its child's words follow the ARGs
  --no-peers               without tini-static, catatonit and dumb-init
  --runs N                 instead of the usual number of runs
  --quick                  a tenth of the usual number of runs
  --pin CPU                all on one processor
  --children DIR           where the child programs are, else beside this program
)";

std::string own_folder() {
    std::array<char, 4096> path{};
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
    if (length < 0) give_up_errno("cannot read /proc/self/exe");
    const std::string whole(path.data(), static_cast<std::size_t>(length));
    return whole.substr(0, whole.rfind('/'));
}

// Links are kept: a program may go by the name that it is called by.
std::string absolute(const std::string& path) {
    std::string whole = path;
    if (!path.starts_with("/")) {
        std::array<char, 4096> folder{};
        if (getcwd(folder.data(), folder.size()) == nullptr) give_up_errno("no working directory");
        whole = fmt::format("{}/{}", folder.data(), path);
    }
    if (access(whole.c_str(), X_OK) != 0) give_up_errno("cannot run " + path);
    return whole;
}

int number_of(const std::string& text, std::string_view option) {
    char* end = nullptr;
    const long number = std::strtol(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0' || number < 0 || number > 1'000'000) {
        give_up(fmt::format("{} wants a number, not '{}'", option, text));
    }
    return static_cast<int>(number);
}

Contender contender_of(const std::string& text) {
    Contender contender;
    std::string rest = text;
    if (const std::size_t sign = text.find('='); sign < text.find('/')) {
        contender.name = text.substr(0, sign);
        rest = text.substr(sign + 1);
    }
    for (std::size_t comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
        contender.words.push_back(rest.substr(0, comma));
        rest.erase(0, comma + 1);
    }
    contender.words.push_back(rest);
    if (contender.name.empty()) contender.name = text.substr(text.rfind('/') + 1);
    contender.words[0] = absolute(contender.words[0]);
    return contender;
}

class WordReader {
public:
    WordReader(int count, char** words) : count_(count), words_(words) {}
    [[nodiscard]] bool more() const { return next_ < count_; }
    std::string take() { return words_[next_++]; }
    std::string value_of(std::string_view option) {
        if (!more()) give_up(fmt::format("{} wants a value", option));
        return take();
    }

private:
    int count_;
    char** words_;
    int next_ = 1;
};

void read_option(Plan& plan, const std::string& option, WordReader& words) {
    if (option == "--kaigara") {
        plan.kaigara = absolute(words.value_of(option));
    } else if (option == "--init") {
        plan.extra.push_back(contender_of(words.value_of(option)));
    } else if (option == "--no-peers") {
        plan.peers = false;
    } else if (option == "--runs") {
        plan.runs = number_of(words.value_of(option), option);
    } else if (option == "--quick") {
        plan.quick = true;
    } else if (option == "--pin") {
        plan.pinned_to = number_of(words.value_of(option), option);
    } else if (option == "--children") {
        plan.children = absolute(words.value_of(option));
    } else if (option == "--help") {
        fmt::print("{}", usage);
        std::exit(0);
    } else {
        give_up(fmt::format("unknown option {}\n{}", option, usage));
    }
}

}  // namespace

int Plan::runs_or(int usual) const {
    if (runs) return std::max(*runs, 1);
    return quick ? std::max(usual / 10, 1) : usual;
}

std::string Plan::child(std::string_view name) const {
    return fmt::format("{}/{}", children, name);
}

Plan read_command_line(int count, char** words) {
    Plan plan;
    plan.children = own_folder();
    if (const char* named = std::getenv("KAIGARA_BINARY"); named != nullptr && *named != '\0') {
        plan.kaigara = absolute(named);
    }
    for (WordReader reader(count, words); reader.more();) {
        const std::string word = reader.take();
        if (word.starts_with("-")) {
            read_option(plan, word, reader);
        } else {
            plan.figures.push_back(word);
        }
    }
    plan.scratch = std::make_unique<ScratchFolder>();
    if (!plan.kaigara.empty()) {
        plan.as_tini = plan.scratch->link("tini", plan.kaigara);
        plan.as_dumb_init = plan.scratch->link("dumb-init", plan.kaigara);
    }
    return plan;
}

std::string find_program(std::string_view name) {
    for (const std::string_view folder : {"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"}) {
        std::string path = fmt::format("{}/{}", folder, name);
        if (access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

std::vector<Contender> inits(const Plan& plan, bool with_dumb_init_face) {
    std::vector<Contender> all;
    if (!plan.kaigara.empty()) {
        all.push_back({std::string(ours), {plan.kaigara, "exec", "--"}});
        all.push_back({std::string(tini_face), {plan.as_tini, "--"}});
        if (with_dumb_init_face) {
            all.push_back({std::string(dumb_init_face), {plan.as_dumb_init, "--"}});
        }
    }
    for (const std::string_view name : {"tini-static", "catatonit", "dumb-init"}) {
        const std::string path = plan.peers ? find_program(name) : std::string();
        if (!path.empty()) all.push_back({std::string(name), {path, "--"}});
    }
    all.insert(all.end(), plan.extra.begin(), plan.extra.end());
    return all;
}

std::optional<std::size_t> place_of(const std::vector<Contender>& all, std::string_view name) {
    for (std::size_t index = 0; index < all.size(); ++index) {
        if (all[index].name == name) return index;
    }
    return std::nullopt;
}

std::vector<std::size_t> shuffled(std::size_t count, std::mt19937& random) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    return order;
}

}  // namespace kaigara::bench
