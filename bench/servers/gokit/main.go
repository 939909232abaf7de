// The contender from Go: the sum service as Go kit's own examples build one, with a decoder, an endpoint and an encoder.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

type sumRequest struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
}

type sumResponse struct {
	Total float64 `json:"total"`
}

func makeSumEndpoint() endpoint.Endpoint {
	return func(_ context.Context, request interface{}) (interface{}, error) {
		req := request.(sumRequest)
		return sumResponse{Total: req.A + req.B}, nil
	}
}

func decodeSumRequest(_ context.Context, r *http.Request) (interface{}, error) {
	var request sumRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, err
	}
	return request, nil
}

func main() {
	mux := http.NewServeMux()
	mux.Handle("/sum", httptransport.NewServer(makeSumEndpoint(), decodeSumRequest, httptransport.EncodeJSONResponse))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go answerQuestions(listener.Addr().String())
	fmt.Fprintln(os.Stderr, http.Serve(listener, mux))
	os.Exit(1)
}

// The protocol of ../../harness/worker.ts: ready, then an answer for each line; without whoever asks, the process ends.
func answerQuestions(address string) {
	fmt.Printf("{\"url\":\"http://%s\"}\n", address)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"cpu"`) {
			var usage syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
			us := (usage.Utime.Sec+usage.Stime.Sec)*1_000_000 + int64(usage.Utime.Usec+usage.Stime.Usec)
			fmt.Printf("{\"cpuUs\":%d}\n", us)
		}
	}
	os.Exit(0)
}
