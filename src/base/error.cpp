// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kaigara {

Error Error::while_doing(std::string_view words) && {
    message = std::string(words) + ": " + message;
    return std::move(*this);
}

std::string Error::text() const { return where.empty() ? message : where + ": " + message; }

#ifdef __GLIBC__

// strerror(3) would ask the locale.
std::string_view errno_text(int code) {
    const char* text = ::strerrordesc_np(code);
    return text == nullptr ? "unknown error" : text;
}

#else

namespace {

struct Description {
    int code;
    std::string_view text;
};

// What musl words in another way than glibc, whose words everybody knows and searches for. The
// inits that kaigara stands in for say them, too.
constexpr std::array descriptions = std::to_array<Description>({
    {EIO, "Input/output error"},
    {ECHILD, "No child processes"},
    {ENOMEM, "Cannot allocate memory"},
    {EBUSY, "Device or resource busy"},
    {EXDEV, "Invalid cross-device link"},
    {EMFILE, "Too many open files"},
    {ENOTTY, "Inappropriate ioctl for device"},
    {ESPIPE, "Illegal seek"},
    {EDOM, "Numerical argument out of domain"},
    {ERANGE, "Numerical result out of range"},
    {EDEADLK, "Resource deadlock avoided"},
    {ENAMETOOLONG, "File name too long"},
    {ELOOP, "Too many levels of symbolic links"},
    {ETIME, "Timer expired"},
    {EOVERFLOW, "Value too large for defined data type"},
    {EILSEQ, "Invalid or incomplete multibyte or wide character"},
    {ENOTSOCK, "Socket operation on non-socket"},
    {EMSGSIZE, "Message too long"},
    {EOPNOTSUPP, "Operation not supported"},
    {EADDRINUSE, "Address already in use"},
    {EADDRNOTAVAIL, "Cannot assign requested address"},
    {ENETUNREACH, "Network is unreachable"},
    {ENETRESET, "Network dropped connection on reset"},
    {ECONNABORTED, "Software caused connection abort"},
    {EISCONN, "Transport endpoint is already connected"},
    {ENOTCONN, "Transport endpoint is not connected"},
    {ESHUTDOWN, "Cannot send after transport endpoint shutdown"},
    {ETOOMANYREFS, "Too many references: cannot splice"},
    {ETIMEDOUT, "Connection timed out"},
    {EHOSTUNREACH, "No route to host"},
    {EINPROGRESS, "Operation now in progress"},
    {EUCLEAN, "Structure needs cleaning"},
    {EDQUOT, "Disk quota exceeded"},
    {EOWNERDEAD, "Owner died"},
});

}  // namespace

std::string_view errno_text(int code) {
    const auto found = std::ranges::find(descriptions, code, &Description::code);
    return found == descriptions.end() ? ::strerror(code) : found->text;
}

#endif

Error system_error(Fault fault, int code, std::string message, std::string where) {
    message += ": ";
    message += errno_text(code);
    return Error{fault, code, std::move(message), std::move(where)};
}

}  // namespace kaigara
