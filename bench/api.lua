-- wrk's script: one operation of ECS over and over (OPERATION in the environment).
local operation = os.getenv("OPERATION")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
wrk.headers["X-Amz-Target"] = "AmazonEC2ContainerServiceV20141113." .. operation
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0"
wrk.body = operation == "ListClusters" and "{}" or [[{"family":"bench","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],
"cpu":"256","memory":"512","containerDefinitions":[{"name":"app","image":"app:1","essential":true,
"portMappings":[{"containerPort":80,"protocol":"tcp"}],"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}]]
