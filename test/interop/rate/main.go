// Plays scripts, one a line in JSON, on a limiter of golang.org/x/time/rate, and prints what came of every step, a line for a script.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// A script's rate is in tokens a second, below 0 for no limit; times are in nanoseconds.
type script struct {
	Rate  float64 `json:"rate"`
	Burst int     `json:"burst"`
	Steps []step  `json:"steps"`
}

type step struct {
	Op    string  `json:"op"`
	Count int     `json:"count"`
	Ns    int64   `json:"ns"`
	Of    int     `json:"of"`
	Rate  float64 `json:"rate"`
}

// One of them, as the step needs it.
type result struct {
	OK     *bool    `json:"ok,omitempty"`
	Ns     *int64   `json:"ns,omitempty"`
	Tokens *float64 `json:"tokens,omitempty"`
}

// A wait that goes on until it is let in, or cancelled.
type waiting struct {
	cancel context.CancelFunc
	at     int64
	err    error
	over   bool
}

func main() {
	// Only tests have a clock that nobody waits for (testing/synctest): all that follows is one.
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "scripts", F: play}}, nil, nil)
}

func play(t *testing.T) {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	buffered := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffered)
	for in.More() {
		var each script
		if err := in.Decode(&each); err != nil {
			log.Fatal(err)
		}
		var results []result
		synctest.Test(t, func(*testing.T) { results = played(each) })
		if err := out.Encode(results); err != nil {
			log.Fatal(err)
		}
	}
	buffered.Flush()
	os.Exit(0)
}

func played(each script) []result {
	began := time.Now()
	limiter := rate.NewLimiter(limit(each.Rate), each.Burst)
	reservations := map[int]*rate.Reservation{}
	waits := map[int]*waiting{}
	results := make([]result, len(each.Steps))
	for i, step := range each.Steps {
		switch step.Op {
		case "allow":
			ok := limiter.AllowN(time.Now(), step.Count)
			results[i].OK = &ok
		case "reserve":
			reservation := limiter.ReserveN(time.Now(), step.Count)
			reservations[i] = reservation
			ok := reservation.OK()
			results[i].OK = &ok
			if ok {
				results[i].Ns = delay(reservation)
			}
		case "delay":
			if reservation := reservations[step.Of]; reservation.OK() {
				results[i].Ns = delay(reservation)
			}
		case "cancel":
			reservations[step.Of].Cancel()
		case "wait":
			wait := &waiting{at: -1}
			waits[i] = wait
			ctx := context.Background()
			if step.Ns >= 0 {
				limited, release := context.WithTimeout(ctx, time.Duration(step.Ns))
				defer release()
				ctx = limited
			}
			ctx, wait.cancel = context.WithCancel(ctx)
			go func() {
				wait.err = limiter.WaitN(ctx, step.Count)
				wait.at = time.Since(began).Nanoseconds()
				wait.over = true
			}()
		case "leave":
			waits[step.Of].cancel()
		case "limit":
			limiter.SetLimit(limit(step.Rate))
		case "burst":
			limiter.SetBurst(step.Count)
		case "tokens":
			tokens := limiter.Tokens()
			results[i].Tokens = &tokens
		case "advance":
			time.Sleep(time.Duration(step.Ns))
		default:
			log.Fatalf("no step is called %q", step.Op)
		}
		synctest.Wait()
	}
	// How every wait ended is told where it began; one that goes on has no result.
	for i, wait := range waits {
		if wait.over {
			ok := wait.err == nil
			results[i].OK = &ok
			results[i].Ns = &wait.at
			if errors.Is(wait.err, context.DeadlineExceeded) {
				log.Fatalf("step %d met its deadline and its turn in the same nanosecond: Go leaves to chance which wins", i)
			}
		}
		wait.cancel()
	}
	synctest.Wait()
	return results
}

func limit(perSecond float64) rate.Limit {
	if perSecond < 0 {
		return rate.Inf
	}
	return rate.Limit(perSecond)
}

// Never is -1.
func delay(reservation *rate.Reservation) *int64 {
	ns := reservation.Delay().Nanoseconds()
	if ns > math.MaxInt64/2 {
		ns = -1
	}
	return &ns
}
