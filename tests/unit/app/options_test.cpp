// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "app/commands.h"
#include "support/scratch.h"

using namespace kaigara;
using namespace kaigara::app;

namespace {

// A command line and an environment, as a program gets them.
class Given {
public:
    explicit Given(std::vector<std::string> words, std::vector<std::string> variables = {})
        : words_(std::move(words)), variables_(std::move(variables)) {
        words_.insert(words_.begin(), "kaigara");
        for (std::string& word : words_) argv_.push_back(word.data());
        argv_.push_back(nullptr);
        for (std::string& variable : variables_) environment_.push_back(variable.data());
        environment_.push_back(nullptr);
    }

    Result<CommandLine> line() {
        return parse_command_line(static_cast<int>(words_.size()), argv_.data());
    }

    Result<Settings, Errors> settings() {
        auto parsed = line();
        if (!parsed) return Errors{parsed.error()};
        return load_settings(*parsed, environment_.data());
    }

    std::vector<std::string> program() {
        std::vector<std::string> program;
        const auto parsed = line();
        if (!parsed || parsed->program == nullptr) return program;
        for (char** word = parsed->program; *word != nullptr; ++word) program.emplace_back(*word);
        return program;
    }

private:
    std::vector<std::string> words_;
    std::vector<std::string> variables_;
    std::vector<char*> argv_;
    std::vector<char*> environment_;
};

using Words = std::vector<std::string>;

std::string message(Given given) {
    const auto settings = given.settings();
    return settings ? "no error" : settings.error().front().text();
}

}  // namespace

TEST_SUITE("app") {
TEST_CASE("the first word that is no option ends those of start and exec") {
    CHECK(Given({"start", "nginx", "-g", "daemon off;"}).program() ==
          Words{"nginx", "-g", "daemon off;"});
    CHECK(Given({"exec", "-g", "--grace", "1s", "app", "--grace", "2s"}).program() ==
          Words{"app", "--grace", "2s"});
    CHECK(Given({"exec", "--", "-odd-name"}).program() == Words{"-odd-name"});
    CHECK(Given({"exec", "app", "--", "x"}).program() == Words{"app", "--", "x"});
}

TEST_CASE("options without a command are those of start") {
    Given given({"--", "app"});
    CHECK(given.line()->command == command::start);
    CHECK(given.program() == Words{"app"});
    CHECK(Given({"--log-level", "debug", "--", "app"}).program() == Words{"app"});
}

TEST_CASE("the other commands take options anywhere") {
    Given given({"get", "app.port", "--default", "80", "--set=app.x=1"});
    CHECK(given.line()->operands == std::vector<std::string_view>{"app.port"});
    CHECK(given.settings()->default_value == "80");
    CHECK(given.settings()->sets == Words{"app.x=1"});
    CHECK(Given({"get", "--", "--odd"}).line()->operands == std::vector<std::string_view>{"--odd"});
}

TEST_CASE("letters are bundled, and an argument may be glued to its letter") {
    const auto settings = Given({"exec", "-gs", "-e143", "-r", "TERM:QUIT", "app"}).settings();
    REQUIRE(settings.has_value());
    CHECK(settings->group);
    CHECK(settings->subreaper == true);
    CHECK(settings->success[143]);
    CHECK(settings->signals[SIGTERM] == SIGQUIT);
}

TEST_CASE("a switch can be turned off, and an option beats the environment") {
    CHECK_FALSE(Given({"exec", "--group=no", "x"}, {"KAIGARA_GROUP=1"}).settings()->group);
    CHECK(Given({"exec", "x"}, {"KAIGARA_GROUP=yes"}).settings()->group);
    CHECK_FALSE(Given({"exec", "x"}, {"KAIGARA_GROUP="}).settings()->group);
    CHECK(Given({"exec", "x"}, {"KAIGARA_STOP_TIMEOUT=1m30s"}).settings()->stop_timeout ==
          std::chrono::seconds(90));
}

TEST_CASE("a repeated option replaces the environment's values, and adds to its own") {
    const auto settings =
        Given({"exec", "-e", "1", "-e", "2", "x"}, {"KAIGARA_SUCCESS=3 4"}).settings();
    CHECK(settings->success[1]);
    CHECK(settings->success[2]);
    CHECK_FALSE(settings->success[3]);
    const auto from_variable = Given({"exec", "x"}, {"KAIGARA_REWRITE=HUP:0,TERM:INT"}).settings();
    CHECK(from_variable->signals[SIGHUP] == supervise::SignalMap::drop);
    CHECK(from_variable->signals[SIGTERM] == SIGINT);
    CHECK(Given({"provision"}, {"KAIGARA_SET=a=1 2\nb=3"}).settings()->sets ==
          Words{"a=1 2", "b=3"});
}

TEST_CASE("exec reads no variable but those of its options") {
    const auto settings =
        Given({"exec", "x"}, {"KAIGARA_METADATA=/no/such", "KAIGARA_CONFIG=/no/such"}).settings();
    REQUIRE(settings.has_value());
    CHECK_FALSE(settings->metadata.named);
}

TEST_CASE("what is wrong is said in one line, with the nearest word") {
    CHECK(message(Given({"exce", "x"})).find("did you mean 'exec'") != std::string::npos);
    CHECK(message(Given({"exec", "--gruop", "x"})).find("did you mean '--group'") !=
          std::string::npos);
    CHECK(message(Given({"exec", "--grace"})) == "option '--grace' needs a value: D");
    CHECK(message(Given({"exec", "--grace", "soon", "x"})).starts_with("--grace: "));
    CHECK(message(Given({"exec", "x"}, {"KAIGARA_UMASK=999"})).starts_with("KAIGARA_UMASK: "));
    CHECK(message(Given({"exec", "-Z", "x"})).find("'-Z'") != std::string::npos);
    CHECK(message(Given({})).find("a command is needed") != std::string::npos);
    CHECK(message(Given({"get"})).find("kaigara get PATH") != std::string::npos);
    CHECK(message(Given({"provision", "x"})).find("does not take 'x'") != std::string::npos);
    CHECK(message(Given({"exec", "--only", "x", "y"})).find("unknown option") != std::string::npos);
}

TEST_CASE("values out of range are refused") {
    for (const Words& words : {Words{"-e", "256"},
                               {"-e", "x"},
                               {"-e", "-1"},
                               {"-r", "TERM"},
                               {"-r", "TERM:65"},
                               {"-r", "0:TERM"},
                               {"-p", "NOSIG"},
                               {"--umask", "8"},
                               {"--umask", "01777"},
                               {"--stop-timeout", "-1s"},
                               {"--log-level", "loud"},
                               {"--user", ""},
                               {"-s=maybe"}}) {
        CAPTURE(words[0]);
        Words line{"exec"};
        line.insert(line.end(), words.begin(), words.end());
        line.push_back("app");
        CHECK_FALSE(Given(line).settings().has_value());
    }
}

TEST_CASE("kaigara.yml ranks below the environment, which ranks below the options") {
    const test::ScratchDir scratch;
    const std::string file = scratch.write("kaigara.yml", "application:\n"
                                                          "  command: [app, -x, \"a b\"]\n"
                                                          "  stop-signal: QUIT\n"
                                                          "  grace: 5s\n"
                                                          "  success: [3, 4]\n"
                                                          "paths: {operations: /srv/ops}\n"
                                                          "log: {level: debug}\n");
    Given given({"start", "--config", file, "--grace", "1s"}, {"KAIGARA_STOP_SIGNAL=INT"});
    const auto settings = given.settings();
    REQUIRE(settings.has_value());
    CHECK(settings->command == Words{"app", "-x", "a b"});
    CHECK(settings->grace == std::chrono::seconds(1));
    CHECK(settings->stop_signal == SIGINT);
    CHECK(settings->success[4]);
    CHECK(settings->operations.path == "/srv/ops");
    CHECK(settings->operations.named);
    CHECK(settings->log_level == log::Level::debug);
}

TEST_CASE("all that is wrong in kaigara.yml is said at once, with line and column") {
    const test::ScratchDir scratch;
    const std::string file = scratch.write("kaigara.yml", "aplication: {}\n"
                                                          "application:\n"
                                                          "  stop-timout: 1s\n"
                                                          "  grace: [1s]\n"
                                                          "  umask: 9\n"
                                                          "  command: []\n");
    const auto settings = Given({"start", "--config", file}).settings();
    REQUIRE_FALSE(settings.has_value());
    const Errors& errors = settings.error();
    REQUIRE(errors.size() == 5);
    std::string all;
    for (const Error& error : errors) {
        CHECK(error.fault == Fault::configuration);
        CHECK(error.where.starts_with(file + ":"));
        all += error.text() + "\n";
    }
    CHECK(all.find(":1:1: unknown key 'aplication' (did you mean 'application'?)") !=
          std::string::npos);
    CHECK(all.find(":3:3: unknown key 'application.stop-timout' (did you mean "
                   "'application.stop-timeout'?)") != std::string::npos);
}

TEST_CASE("an absent kaigara.yml is an error only when it was named") {
    const auto named = Given({"start", "--config", "/no/such/kaigara.yml", "x"}).settings();
    REQUIRE_FALSE(named.has_value());
    CHECK(named.error().front().fault == Fault::configuration);
    CHECK(Given({"start", "x"}).settings().has_value());
}

TEST_CASE("every setting can be told from the others") {
    const auto table = settings_table();
    CHECK(table.size() <= 64);  // the sets of chosen settings hold as many
    for (std::size_t i = 0; i < table.size(); ++i) {
        CAPTURE(table[i].name);
        CHECK_FALSE(table[i].help.empty());
        CHECK(table[i].commands != 0);
        for (std::size_t j = i + 1; j < table.size(); ++j) {
            // `health --ready` asks, `start --ready CHECK` sets.
            const bool meet = (table[i].commands & table[j].commands) != 0;
            CHECK((!meet || table[i].name != table[j].name));
            CHECK((table[i].letter == 0 || table[i].letter != table[j].letter));
            CHECK((table[i].key.empty() || table[i].key != table[j].key));
        }
    }
}

TEST_CASE("every command has a help text that names each of its options") {
    for (const Command& command : command_table()) {
        CAPTURE(command.name);
        const auto text = help_text(command.name);
        REQUIRE(text.has_value());
        for (const Setting& setting : settings_table()) {
            const bool takes = (setting.commands & command.bit) != 0;
            const bool named = text->find("--" + std::string(setting.name)) != std::string::npos;
            if (takes) CHECK(named);
        }
        CHECK(help_text("")->find(command.name) != std::string::npos);
    }
    CHECK(help_text("strat").error().message.find("'start'") != std::string::npos);
}
}  // TEST_SUITE("app")
