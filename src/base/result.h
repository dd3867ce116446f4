// SPDX-License-Identifier: Apache-2.0
#pragma once

// A value, or the reason why there is none.
//
// Names follow std::expected, so that a later compiler can replace this file. GCC 12's own
// std::expected has no monadic functions and lets a dropped result pass silently; this one is
// [[nodiscard]], and reading the wrong side is a bug that ends the program in every build type.
//
//     Result<Fd> open_config(const std::string& path);
//
//     KG_LET(fd, open_config(path));     // returns the error to our caller, or declares `fd`
//     KG_TRY(check(fd));                 // returns the error to our caller, or goes on

#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace kaigara {

template <class T, class E = Error>
class [[nodiscard]] Result {
public:
    using value_type = T;
    using error_type = E;

    // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is the point
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // NOLINTNEXTLINE(google-explicit-constructor): `return error;` is the point
    Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return must<0>(state_); }
    const T& value() const& { return must<0>(state_); }
    T&& value() && { return std::move(must<0>(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    E& error() & { return must<1>(state_); }
    const E& error() const& { return must<1>(state_); }
    E&& error() && { return std::move(must<1>(state_)); }

    template <class U>
    T value_or(U&& fallback) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
    }

private:
    template <std::size_t I, class V>
    static auto& must(V& state) {
        auto* side = std::get_if<I>(&state);
        if (side == nullptr) std::abort();
        return *side;
    }

    std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
public:
    using value_type = void;
    using error_type = E;

    Result() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): `return error;` is the point
    Result(E error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const {
        if (error_) std::abort();
    }

    E& error() & { return must(error_); }
    const E& error() const& { return must(error_); }
    E&& error() && { return std::move(must(error_)); }

private:
    template <class O>
    static auto& must(O& error) {
        if (!error) std::abort();
        return *error;
    }

    std::optional<E> error_;
};

}  // namespace kaigara

#define KG_JOIN_(a, b) a##b
#define KG_JOIN(a, b) KG_JOIN_(a, b)

// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot stand in parentheses

// Runs `expr`; on failure returns its error from the enclosing function.
#define KG_TRY(expr)                                                                               \
    do {                                                                                           \
        if (auto kg_result_ = (expr); !kg_result_.has_value())                                     \
            return std::move(kg_result_).error();                                                  \
    } while (false)

// Declares `decl` with the value of `expr`; on failure returns its error.
#define KG_LET(decl, expr) KG_LET_(KG_JOIN(kg_let_, __LINE__), decl, expr)
#define KG_LET_(temporary, decl, expr)                                                             \
    auto temporary = (expr);                                                                       \
    if (!temporary.has_value()) return std::move(temporary).error();                               \
    auto decl = std::move(temporary).value()

// NOLINTEND(bugprone-macro-parentheses)
