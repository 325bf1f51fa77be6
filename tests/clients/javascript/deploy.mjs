// The JavaScript SDK drives a deployment and its waiters. Prints one JSON line; exits non-zero when anything is not as expected.
import { ECSClient, CreateClusterCommand, CreateServiceCommand, DeleteServiceCommand, RegisterTaskDefinitionCommand, RunTaskCommand,
         UpdateServiceCommand, waitUntilServicesStable, waitUntilTasksRunning, waitUntilTasksStopped, StopTaskCommand,
         DescribeTasksCommand } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client, CreateLoadBalancerCommand, CreateTargetGroupCommand, CreateListenerCommand,
         waitUntilLoadBalancerAvailable } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { SQSClient, CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { EC2Client, DescribeSubnetsCommand } from "@aws-sdk/client-ec2";

const options = { endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION };
const ecs = new ECSClient(options), elb = new ElasticLoadBalancingV2Client(options);
const events = new EventBridgeClient(options), sqs = new SQSClient(options), ec2 = new EC2Client(options);
const waiter = (client) => ({ client, maxWaitTime: 90, minDelay: 1, maxDelay: 2 });

const subnets = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets;
const network = { awsvpcConfiguration: { subnets: subnets.map((s) => s.SubnetId), assignPublicIp: "ENABLED" } };
await ecs.send(new CreateClusterCommand({ clusterName: "js", capacityProviders: ["FARGATE", "FARGATE_SPOT"] }));

const queue = (await sqs.send(new CreateQueueCommand({ QueueName: "js-events" }))).QueueUrl;
const queueArn = (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ["QueueArn"] }))).Attributes.QueueArn;
await events.send(new PutRuleCommand({ Name: "js", EventPattern: JSON.stringify({ source: ["aws.ecs"], "detail-type": ["ECS Task State Change"] }) }));
await events.send(new PutTargetsCommand({ Rule: "js", Targets: [{ Id: "q", Arn: queueArn }] }));

const balancer = (await elb.send(new CreateLoadBalancerCommand({ Name: "js", Subnets: subnets.map((s) => s.SubnetId) }))).LoadBalancers[0];
await waitUntilLoadBalancerAvailable(waiter(elb), { LoadBalancerArns: [balancer.LoadBalancerArn] });
const group = (await elb.send(new CreateTargetGroupCommand({
  Name: "js", Protocol: "HTTP", Port: 80, VpcId: subnets[0].VpcId, TargetType: "ip", HealthCheckIntervalSeconds: 5,
  HealthyThresholdCount: 2, HealthCheckTimeoutSeconds: 2 }))).TargetGroups[0];
await elb.send(new CreateListenerCommand({ LoadBalancerArn: balancer.LoadBalancerArn, Protocol: "HTTP", Port: 8091,
  DefaultActions: [{ Type: "forward", TargetGroupArn: group.TargetGroupArn }] }));

const family = (await ecs.send(new RegisterTaskDefinitionCommand({
  family: "js", requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: "256", memory: "512",
  containerDefinitions: [{ name: "web", image: "busybox", portMappings: [{ containerPort: 80 }],
    command: ["sh", "-c", "mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www"] }] }))).taskDefinition;
await ecs.send(new CreateServiceCommand({ cluster: "js", serviceName: "web", taskDefinition: "js", desiredCount: 2,
  networkConfiguration: network, capacityProviderStrategy: [{ capacityProvider: "FARGATE", base: 1, weight: 0 }, { capacityProvider: "FARGATE_SPOT", weight: 1 }],
  loadBalancers: [{ targetGroupArn: group.TargetGroupArn, containerName: "web", containerPort: 80 }] }));
await waitUntilServicesStable(waiter(ecs), { cluster: "js", services: ["web"] });

const run = await ecs.send(new RunTaskCommand({ cluster: "js", taskDefinition: family.taskDefinitionArn, launchType: "FARGATE", networkConfiguration: network }));
const task = run.tasks[0].taskArn;
await waitUntilTasksRunning(waiter(ecs), { cluster: "js", tasks: [task] });
await ecs.send(new StopTaskCommand({ cluster: "js", task, reason: "enough" }));
await waitUntilTasksStopped(waiter(ecs), { cluster: "js", tasks: [task] });
const stopped = (await ecs.send(new DescribeTasksCommand({ cluster: "js", tasks: [task] }))).tasks[0];
const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }));

await ecs.send(new UpdateServiceCommand({ cluster: "js", service: "web", desiredCount: 0 }));
await ecs.send(new DeleteServiceCommand({ cluster: "js", service: "web", force: true }));
console.log(JSON.stringify({ stopCode: stopped.stopCode, stoppedReason: stopped.stoppedReason, events: received.Messages.length,
  detailType: JSON.parse(received.Messages[0].Body)["detail-type"] }));
