/** C++: exceptions through frames with things to destroy, virtual inheritance, containers, streams, regular expressions, threads and futures. */
#include <algorithm>
#include <cmath>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>
#include <stdexcept>

namespace {

int alive = 0;

struct Counted {
  Counted() { alive++; }
  Counted(const Counted &) { alive++; }
  ~Counted() { alive--; }
};

struct Shape { virtual ~Shape() = default; virtual double area() const = 0; };
struct Named : virtual Shape { std::string name; explicit Named(std::string n) : name(std::move(n)) {} };
struct Sized : virtual Shape { double size; explicit Sized(double s) : size(s) {} };
struct Square final : Named, Sized { explicit Square(double s) : Named("square"), Sized(s) {} double area() const override { return size * size; } };
struct Round final : Named, Sized { explicit Round(double s) : Named("round"), Sized(s) {} double area() const override { return size * size * std::acos(-1.0); } };

[[gnu::noinline]] double thrown(int depth, double keep) {
  Counted counted;
  if (depth == 0) {
    if (keep < 10) throw std::out_of_range("too small");
    if (keep < 20) throw 42;
    throw std::make_unique<int>(7);
  }
  double result = thrown(depth - 1, keep + 0.5);
  return result + keep;
}

void exceptions() {
  double total = 0;
  for (int i = 0; i < 60; i++) {
    try {
      try {
        total += thrown(i % 13, i / 2.0);
      } catch (const std::out_of_range &error) {
        total += static_cast<double>(std::string(error.what()).size());
        throw std::runtime_error("again");
      } catch (int value) {
        total += value;
      }
    } catch (const std::exception &error) {
      total += error.what()[0];
    } catch (std::unique_ptr<int> &value) {
      total += *value * 0.5;
    }
  }
  std::cout << "exceptions " << total << ", alive " << alive << '\n';
}

void shapes() {
  std::vector<std::unique_ptr<Shape>> all;
  for (int i = 1; i < 9; i++) if (i % 2) all.push_back(std::make_unique<Square>(i)); else all.push_back(std::make_unique<Round>(i / 3.0));
  for (const auto &shape : all) std::cout << dynamic_cast<Named &>(*shape).name << ' ' << std::setprecision(17) << shape->area() << (dynamic_cast<Round *>(shape.get()) ? " o\n" : " x\n");
}

void containers() {
  std::map<std::string, std::vector<int>> tree;
  std::unordered_map<long, double> table;
  unsigned long x = 1;
  for (int i = 0; i < 20000; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    tree[std::to_string(x >> 54)].push_back(i);
    table[static_cast<long>(x >> 50)] += std::sqrt(static_cast<double>(x >> 40));
  }
  long sum = 0;
  for (const auto &[key, list] : tree) sum = sum * 31 + std::accumulate(list.begin(), list.end(), static_cast<long>(key.size()));
  double last = 0;
  for (const auto &[key, value] : std::map<long, double>(table.begin(), table.end())) last = last * 0.999 + value * static_cast<double>(key & 7);
  std::vector<double> sorted;
  for (const auto &entry : table) sorted.push_back(entry.second);
  std::stable_sort(sorted.begin(), sorted.end(), std::greater<>());
  std::cout << "containers " << tree.size() << ' ' << sum << ' ' << last << ' ' << sorted[sorted.size() / 3] << '\n';
}

void texts() {
  std::string text = "alpha=1, beta = 22,gamma=333 ; delta= 4.5e-3";
  std::ostringstream out;
  const std::regex pair(R"((\w+)\s*=\s*([-+.\de]+))");
  for (std::sregex_iterator it(text.begin(), text.end(), pair), end; it != end; ++it) out << (*it)[1] << ':' << std::hexfloat << std::stod((*it)[2]) << ' ';
  std::istringstream in("12 0x1f 3.25 word");
  int a; std::string hex, word; double d;
  in >> a >> hex >> d >> word;
  std::variant<int, std::string> either = word;
  std::cout << out.str() << a << hex << d << std::get<std::string>(either) << std::regex_replace(text, std::regex("[aeiou]"), "*") << '\n';
}

void futures() {
  std::vector<std::future<double>> all;
  for (int i = 0; i < 6; i++) all.push_back(std::async(std::launch::async, [i] {
    double sum = 0;
    for (int k = 1; k < 20000; k++) sum += std::sin(k * 0.001 * i) / k;
    if (i == 4) throw std::logic_error("from a thread");
    return sum;
  }));
  for (auto &future : all) {
    try { std::cout << future.get() << ' '; } catch (const std::logic_error &error) { std::cout << error.what() << ' '; }
  }
  std::cout << '\n';
}

}

int main() {
  exceptions(); shapes(); containers(); texts(); futures();
  return 0;
}
