/* SPDX-License-Identifier: Apache-2.0 */

/* The floor for running a list of scripts: fork, exec and wait for each, and nothing else. */

#include <sys/wait.h>
#include <unistd.h>

int main(int count, char** paths) {
    for (int index = 1; index < count; ++index) {
        pid_t child = fork();
        if (child == 0) {
            execl(paths[index], paths[index], (char*)0);
            _exit(127);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
    }
    return 0;
}
