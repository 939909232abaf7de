// Stringsvc3 is one process of a fleet as Go kit's own parts make it: an instance that upper-cases by itself or, with -proxy, sends that to others in turn.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-kit/kit/circuitbreaker"
	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/ratelimit"
	"github.com/go-kit/kit/sd"
	"github.com/go-kit/kit/sd/lb"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/go-kit/log"
	"github.com/sony/gobreaker"
	"golang.org/x/time/rate"
)

type request struct {
	S string `json:"s"`
}

type upper struct {
	V   string `json:"v"`
	Err string `json:"err,omitempty"`
}

type counted struct {
	V int `json:"v"`
}

// Uppercase is the one method that others may do.
type uppercase func(ctx context.Context, s string) (string, error)

func here(_ context.Context, s string) (string, error) {
	if s == "" {
		return "", errors.New("empty string")
	}
	return strings.ToUpper(s), nil
}

// Elsewhere spreads calls over the instances, three attempts in a quarter of a second, each with a breaker and a limit of its own.
func elsewhere(instances []string) (uppercase, error) {
	var endpoints sd.FixedEndpointer
	for _, instance := range instances {
		to, err := uppercaseURL(instance)
		if err != nil {
			return nil, err
		}
		e := httptransport.NewClient("GET", to, httptransport.EncodeJSONRequest, decodeReply).Endpoint()
		e = circuitbreaker.Gobreaker(gobreaker.NewCircuitBreaker(gobreaker.Settings{}))(e)
		e = ratelimit.NewErroringLimiter(rate.NewLimiter(rate.Every(time.Second), 100))(e)
		endpoints = append(endpoints, e)
	}
	call := lb.Retry(3, 250*time.Millisecond, lb.NewRoundRobin(endpoints))
	return func(ctx context.Context, s string) (string, error) {
		reply, err := call(ctx, request{s})
		if err != nil {
			return "", err
		}
		if reply := reply.(upper); reply.Err != "" {
			return reply.V, errors.New(reply.Err)
		}
		return reply.(upper).V, nil
	}, nil
}

func uppercaseURL(instance string) (*url.URL, error) {
	if !strings.HasPrefix(instance, "http") {
		instance = "http://" + instance
	}
	to, err := url.Parse(instance)
	if err == nil && to.Path == "" {
		to.Path = "/uppercase"
	}
	return to, err
}

func decodeReply(_ context.Context, r *http.Response) (interface{}, error) {
	var reply upper
	err := json.NewDecoder(r.Body).Decode(&reply)
	return reply, err
}

func decodeRequest(_ context.Context, r *http.Request) (interface{}, error) {
	var req request
	err := json.NewDecoder(r.Body).Decode(&req)
	return req, err
}

func logged(next uppercase, logger log.Logger) uppercase {
	return func(ctx context.Context, s string) (output string, err error) {
		defer func(began time.Time) {
			logger.Log("method", "uppercase", "input", s, "output", output, "err", err, "took", time.Since(began))
		}(time.Now())
		return next(ctx, s)
	}
}

func serve(e endpoint.Endpoint) http.Handler {
	return httptransport.NewServer(e, decodeRequest, httptransport.EncodeJSONResponse)
}

func main() {
	listen := flag.String("listen", ":8080", "host and port")
	proxy := flag.String("proxy", "", "instances that do uppercase, with commas between")
	flag.Parse()
	logger := log.NewLogfmtLogger(log.NewSyncWriter(os.Stdout))
	logger = log.With(logger, "listen", *listen, "caller", log.DefaultCaller)

	do := uppercase(here)
	if *proxy == "" {
		logger.Log("proxy_to", "none")
	} else {
		var err error
		instances := strings.Split(*proxy, ",")
		if do, err = elsewhere(instances); err != nil {
			logger.Log("err", err)
			os.Exit(1)
		}
		logger.Log("proxy_to", "["+strings.Join(instances, " ")+"]")
	}
	do = logged(do, logger)
	http.Handle("/uppercase", serve(func(ctx context.Context, req interface{}) (interface{}, error) {
		v, err := do(ctx, req.(request).S)
		if err != nil {
			return upper{v, err.Error()}, nil
		}
		return upper{V: v}, nil
	}))
	http.Handle("/count", serve(func(_ context.Context, req interface{}) (interface{}, error) {
		return counted{len(req.(request).S)}, nil
	}))
	logger.Log("msg", "HTTP", "addr", *listen)
	logger.Log("err", http.ListenAndServe(*listen, nil))
	os.Exit(1)
}
