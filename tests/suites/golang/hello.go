// A program of Go's that uses what its runtime has: goroutines, channels, the collector, maps, panics, floating point, big numbers, atomics, digests.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"
	"math/bits"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

type shape interface{ area() float64 }
type square struct{ side float64 }
type circle struct{ radius float64 }

func (s square) area() float64 { return s.side * s.side }
func (c circle) area() float64 { return math.Pi * c.radius * c.radius }

type tree struct {
	left, right *tree
	value       int
}

func grown(depth, value int) *tree {
	if depth == 0 {
		return &tree{value: value}
	}
	return &tree{grown(depth-1, value*2), grown(depth-1, value*2+1), value}
}

func (t *tree) sum() int {
	if t == nil {
		return 0
	}
	return t.value + t.left.sum() - t.right.sum()
}

func recovered(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return
}

func main() {
	fmt.Println("hello, world", runtime.GOARCH)
	var group sync.WaitGroup
	var count int64
	channel := make(chan int, 3)
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			for i := 0; i < 1000; i++ {
				atomic.AddInt64(&count, int64(i))
				channel <- worker * i
			}
		}(worker)
	}
	go func() { group.Wait(); close(channel) }()
	total := 0
	for v := range channel {
		total += v
	}
	fmt.Println("goroutines", count, total)

	sum := 0
	for i := 0; i < 20; i++ {
		sum += grown(12, i).sum()
		runtime.GC()
	}
	fmt.Println("trees", sum)

	words := map[string]float64{}
	x := uint64(1)
	for i := 0; i < 20000; i++ {
		x = x*6364136223846793005 + 1442695040888963407
		words[fmt.Sprintf("%03x", x>>52)] += math.Sqrt(float64(x>>33)) * math.Sin(float64(i))
	}
	keys := make([]string, 0, len(words))
	for key := range words {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	digest := sha256.New()
	for _, key := range keys {
		fmt.Fprintf(digest, "%s %b\n", key, words[key])
	}
	fmt.Printf("map %d %x\n", len(keys), digest.Sum(nil)[:8])

	area := 0.0
	for i, s := range []shape{square{2}, circle{1.5}, square{0.1}} {
		area += s.area() / float64(i+1)
	}
	var none *tree
	index := 5
	fmt.Println("panics", area, recovered(func() { fmt.Print(none.value) }), recovered(func() { fmt.Print([]int{1, 2}[index]) }), recovered(func() { fmt.Print(1 / (index - 5)) }))
	product := new(big.Int).MulRange(1, 300)
	fmt.Println("big", new(big.Int).Exp(product, big.NewInt(65537), new(big.Int).SetUint64(1<<63-25)), bits.OnesCount64(x), bits.ReverseBytes64(x), bits.LeadingZeros32(77))
	block, _ := aes.NewCipher([]byte("0123456789abcdef"))
	sealed, _ := cipher.NewGCM(block)
	text := []byte(strings.Repeat("some text ", 1000))
	fmt.Printf("digests %x %08x\n", sha256.Sum256(sealed.Seal(nil, make([]byte, 12), text, nil)), crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
	fmt.Println("floats", math.FMA(0.1, 10, -1), float32(1)/3, math.Float64bits(math.Exp(1.1)), int64(math.Floor(-2.5)), math.Pow(2.5, 3.5), math.Gamma(4.5), math.NaN(), math.Inf(-1), uint8(math.Trunc(200.7)))
	os.Exit(3)
}
