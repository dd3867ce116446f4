// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstring>

namespace kaigara {

Error Error::while_doing(std::string_view words) && {
    message = std::string(words) + ": " + message;
    return std::move(*this);
}

std::string Error::text() const { return where.empty() ? message : where + ": " + message; }

std::string_view errno_text(int code) {
#ifdef __GLIBC__
    const char* text = ::strerrordesc_np(code);  // strerror(3) would ask the locale
#else
    const char* text = ::strerror(code);
#endif
    return text == nullptr ? "unknown error" : text;
}

Error system_error(Fault fault, int code, std::string message, std::string where) {
    message += ": ";
    message += errno_text(code);
    return Error{fault, code, std::move(message), std::move(where)};
}

}  // namespace kaigara
