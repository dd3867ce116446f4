// SPDX-License-Identifier: Apache-2.0
#include "sample.h"

#include <algorithm>
#include <cmath>

namespace kaigara::bench {

double Sample::quantile(double share) const {
    if (values_.empty()) return 0;
    std::vector<double> sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    // Between two neighbours the value is taken on the line that joins them.
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace kaigara::bench
